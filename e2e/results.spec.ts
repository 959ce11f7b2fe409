// What is made and taken away: the table of all modes, nodes kept in float, exports, the command line's bytes, settings.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import sharp from "sharp";
import {
  bytesInNode,
  downloaded,
  example,
  finished,
  inRoot,
  openExample,
  patched,
  quantize,
  seriousFindings,
} from "./support.js";

test("every mode in one table, the best for each goal marked, any row shown again", async ({ page }) => {
  await openExample(page);
  await page.getByRole("button", { name: "Try every mode" }).click();
  await finished(page);
  const rows = page.locator("table.results tbody tr");
  await expect(rows).toHaveCount(6);
  for (const goal of ["smallest", "closest", "fastest"]) {
    await expect(page.locator("table.results .best", { hasText: goal })).toHaveCount(1);
  }
  await rows.getByRole("button", { name: "float16", exact: true }).click();
  await expect(page.locator("#section-4 .step-outcome")).toHaveText("characters.float16.tflite");
  expect((await downloaded(page)).bytes.equals(await bytesInNode({ mode: "float16" }))).toBe(true);
});

test("a node kept in float is one operator less in integers, and closer", async ({ page }) => {
  await openExample(page);
  await quantize(page, "Full integer");
  await page.getByRole("tab", { name: "Nodes" }).click();
  const row = page.getByRole("row").filter({ hasText: "DEPTHWISE_CONV_2D" }).first();
  const name = (await row.locator(".tensor-name").getAttribute("title")) ?? "";
  await row.getByRole("button", { name: `Keep ${name} in float` }).click();
  await page.getByRole("button", { name: "Quantize again with 1 marked" }).click();
  await finished(page);
  await expect(page.locator("table.results tbody tr")).toHaveCount(2);
  await expect(page.getByText("1 operator stayed in float")).toBeVisible();
  await expect(page.locator("#section-5 pre").first()).toContainText(`--keep-float=${name}`);
  const { bytes } = await downloaded(page);
  expect(bytes.equals(await bytesInNode({ mode: "int8", keepFloat: [name] }))).toBe(true);
});

test("the values of a tensor: both models, what can be held, the weights' ranges", async ({ page }) => {
  await openExample(page);
  await quantize(page, "Full integer");
  await page.getByRole("tab", { name: "Nodes" }).click();
  const row = page.getByRole("row").filter({ hasText: "DEPTHWISE_CONV_2D" }).first();
  await row.locator(".link").click();
  const panel = page.locator(".tensor-panel");
  await expect(panel.locator("svg")).toHaveCount(2);
  await expect(panel.locator(".clip")).toHaveCount(2);
  await panel.locator(".histogram summary").click();
  await expect(panel.locator(".histogram tbody tr")).toHaveCount(64);
  // Four samples of 16 x 16 x 48 values.
  await expect(panel.locator(".histogram caption")).toHaveText("49,152 values of the first samples");
  const counts = await panel.locator(".histogram tbody td:nth-child(2)").allTextContents();
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(4 * 16 * 16 * 48);
  expect(await seriousFindings(page)).toEqual([]);
});

test("the shown command makes the downloaded bytes, and so does the shown program", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  cpSync(example("characters.tflite"), join(folder, "characters.tflite"));
  const sheet = sharp(example("calibration.png"));
  for (const label of ["A", "B"]) mkdirSync(join(folder, "samples", label), { recursive: true });
  for (let tile = 0; tile < 12; ++tile) {
    const picture = sheet.clone().extract({ left: tile * 32, top: 0, width: 32, height: 32 });
    await picture.toFile(join(folder, "samples", tile < 6 ? "A" : "B", `${tile}.png`));
  }
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles(join(folder, "characters.tflite"));
  await expect(page.getByText("characters.tflite is loaded.")).toBeAttached();
  await page.getByTestId("sample-folder").setInputFiles(join(folder, "samples"));
  await expect(page.getByText("12 samples to calibrate on")).toBeVisible();
  await expect(page.getByText("12 labelled samples to compare on")).toBeVisible();
  await page.getByText("From picture to tensor").click();
  await page.getByLabel("Pixel values become").selectOption("0…1");
  await page.getByLabel("Resizing").selectOption("cover");
  await expect(page.getByText("Values from 0 to 1")).toBeVisible();
  await page.getByText("Advanced").click();
  await page.getByRole("radio", { name: /^Integer only/ }).check();
  await page.getByLabel("Inputs and outputs", { exact: true }).selectOption("uint8");
  await page.getByRole("button", { name: "Quantize", exact: true }).click();
  await finished(page);
  const command = (await page.locator("#section-5 pre").first().textContent()) ?? "";
  const [npx, litequant, ...words] = command.split(" ");
  expect([npx, litequant]).toEqual(["npx", "litequant"]);
  execFileSync(process.execPath, [inRoot("dist/cli.js"), ...words], { cwd: folder });
  const { name, bytes } = await downloaded(page);
  expect(bytes.equals(readFileSync(join(folder, name)))).toBe(true);

  rmSync(join(folder, name));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(inRoot("."), join(folder, "node_modules/litequant"));
  const program = (await page.locator("#section-5 pre").last().textContent()) ?? "";
  writeFileSync(join(folder, "make.mjs"), program);
  execFileSync(process.execPath, ["make.mjs"], { cwd: folder });
  expect(bytes.equals(readFileSync(join(folder, name)))).toBe(true);
});

test("report, recipe, C array and node data", async ({ page }) => {
  await openExample(page);
  await quantize(page, "Full integer");
  const report = await downloaded(page, /^Report/);
  expect(report.name).toBe("characters.int8.report.html");
  const html = report.bytes.toString();
  expect(html).not.toMatch(/<script|src=|href=/);
  expect(html).toContain("DEPTHWISE_CONV_2D");
  const recipe = await downloaded(page, /^Recipe/);
  expect(JSON.parse(recipe.bytes.toString())).toEqual({ mode: "int8" });
  const model = (await downloaded(page)).bytes;
  const source = (await downloaded(page, /^C array/)).bytes.toString();
  const numbers = source.match(/0x[0-9a-f]{2}/g)?.map((digits) => Number.parseInt(digits, 16)) ?? [];
  expect(Buffer.from(numbers).equals(model)).toBe(true);
  const overlay = JSON.parse((await downloaded(page, /^Node data/)).bytes.toString()) as {
    main: { results: Record<string, { value: number }> };
  };
  expect(Object.values(overlay.main.results).length).toBeGreaterThan(20);

  // Model Explorer finds the data by the graph's own name.
  await page.getByTestId("model-file").setInputFiles({
    name: "renamed.tflite",
    mimeType: "",
    buffer: patched({ "\x04\0\0\0main": "\x04\0\0\0grid" }),
  });
  await expect(page.getByText("renamed.tflite is loaded.")).toBeAttached();
  await page.getByRole("button", { name: "Random values, for a try" }).click();
  await quantize(page, "Dynamic range");
  const other = JSON.parse((await downloaded(page, /^Node data/)).bytes.toString()) as object;
  expect(Object.keys(other)).toEqual(["grid"]);
});

test("recipe, theme and language survive a reload; data does not", async ({ page }) => {
  await openExample(page);
  await page.getByRole("radio", { name: /^Half precision/ }).check();
  await page.getByLabel("Colours", { exact: true }).selectOption("dark");
  await page.getByLabel("Language").selectOption("de");
  await expect(page.getByRole("button", { name: "Quantisieren", exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Modell", exact: true })).toBeVisible();
  await expect(page.getByText("characters.tflite", { exact: true })).toBeHidden();
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme])).toEqual([
    "de",
    "dark",
  ]);
  await page.getByRole("button", { name: "Zeichen", exact: true }).click();
  await expect(page.getByRole("radio", { name: /^Halbe Genauigkeit/ })).toBeChecked();
});

test("a model that is quantized already is looked into, made float, compared as it is", async ({ page }) => {
  await page.goto("/");
  const buffer = await bytesInNode({ mode: "int8" });
  await page.getByTestId("model-file").setInputFiles({ name: "small.tflite", mimeType: "", buffer });
  await expect(page.getByText("This model is quantized already.")).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Make it float again" }).click();
  await page.getByTestId("sample-files").setInputFiles(example("samples.png"));
  await expect(page.getByTestId("sample-count")).toBeVisible();
  await page.getByRole("button", { name: "Compare the file as loaded" }).click();
  await finished(page);
  await expect(page.locator(".summary").getByText("Output SQNR")).toBeVisible();
  await quantize(page, "Dynamic range");
  await expect(page.locator("table.results tbody tr")).toHaveCount(2);
});
