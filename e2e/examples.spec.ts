// The other embedded examples (page.spec.ts has the classifier): masks, sounds and pictures out of the models' own outputs.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, expect, test } from "@playwright/test";
import { downloaded, finished, inRoot, openExample, quantize, secondsOfSheet, seriousFindings } from "./support.js";

const examples = ["characters", "shapes", "keywords", "denoise"];

test("each example's model has at most 400 kB", () => {
  for (const name of examples) {
    expect(statSync(inRoot(`web/examples/${name}/${name}.tflite`)).size, name).toBeLessThanOrEqual(400_000);
  }
});

const openOutputs = (page: Page) => page.getByRole("tab", { name: "Outputs" }).click();

test("shapes: masks of both models, and where they differ", async ({ page }) => {
  await openExample(page, "/", "Shapes");
  await expect(page.getByTestId("sample-count")).toHaveText("48 samples to calibrate on");
  await quantize(page, "Full integer");
  await openOutputs(page);
  await expect(page.locator(".masks canvas")).toHaveCount(3);
  const classes = await page.locator(".output table").first().locator("tbody th").allTextContents();
  expect(classes.length).toBeGreaterThan(1);
  for (const name of classes) expect(["background", "disc", "square", "triangle", "star"]).toContain(name);
  expect(await seriousFindings(page)).toEqual([]);
});

test("spoken words: predictions with labels, and the bytes of the command line", async ({ page }) => {
  await openExample(page, "/", "Spoken words");
  await expect(page.getByText("60 labelled samples to compare on")).toBeVisible();
  await expect(page.locator(".thumbnails canvas")).toHaveCount(24);
  await quantize(page, "Full integer");
  await expect(page.locator(".summary").getByText("Top-1", { exact: true })).toBeVisible();
  await expect(page.locator("table.predictions").getByRole("row")).toHaveCount(25);
  await page.getByRole("tab", { name: "Confusion" }).click();
  await expect(page.locator("table.confusion")).toContainText("yes");
  await openOutputs(page);
  await expect(page.locator(".curves svg")).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);

  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  copyFileSync(inRoot("web/examples/keywords/keywords.tflite"), join(folder, "keywords.tflite"));
  mkdirSync(join(folder, "samples"));
  secondsOfSheet("calibration.wav").forEach((file, index) =>
    writeFileSync(join(folder, "samples", `${String(index + 1).padStart(3, "0")}.wav`), file),
  );
  const command = (await page.locator("#section-5 pre").first().textContent()) ?? "";
  execFileSync(process.execPath, [inRoot("dist/cli.js"), ...command.split(" ").slice(2)], { cwd: folder });
  const { name, bytes } = await downloaded(page);
  expect(bytes.equals(readFileSync(join(folder, name)))).toBe(true);
});

test("noise: the picture of either model, parted by a slider; closer with int16 activations", async ({ page }) => {
  await openExample(page, "/", "Noise");
  const decibels = async (mode: string) => {
    await quantize(page, mode);
    const figure = page.locator(".figure", { hasText: "Output SQNR" });
    return Number.parseFloat((await figure.locator(".figure-value").textContent()) ?? "");
  };
  const int8 = await decibels("Full integer");
  expect(await decibels("16-bit activations (?!only)")).toBeGreaterThan(int8 + 3);
  await openOutputs(page);
  await expect(page.locator(".before-after canvas")).toHaveCount(2);
  await page.locator(".before-after input").fill("80");
  await expect(page.locator(".before-after")).toHaveAttribute("style", /80%/);
});

test("a byte of the model changed, and what is shown changes", async ({ page }) => {
  const shown = async (buffer: Buffer) => {
    await page.goto("/");
    await page.getByTestId("model-file").setInputFiles({ name: "keywords.tflite", mimeType: "", buffer });
    await expect(page.getByText("keywords.tflite is loaded.")).toBeAttached();
    const buffers = secondsOfSheet("samples.wav").slice(0, 4);
    const files = buffers.map((one, index) => ({ name: `${index}.wav`, mimeType: "audio/wav", buffer: one }));
    await page.getByTestId("sample-files").setInputFiles(files);
    await expect(page.getByTestId("sample-count")).toBeVisible();
    await quantize(page, "Dynamic range");
    await openOutputs(page);
    const cells = page.locator(".output table.narrow tbody td");
    await expect(cells.first()).toBeVisible();
    return await cells.allTextContents();
  };
  const model = readFileSync(inRoot("web/examples/keywords/keywords.tflite"));
  const before = await shown(model);
  expect(await shown(model)).toEqual(before);
  const changed = Buffer.from(model);
  changed[largestBufferEnd(changed) - 1]! ^= 0x40;
  expect(await shown(changed)).not.toEqual(before);
});

/** Where the longest run of non-zero words ends: inside it are weights. */
function largestBufferEnd(bytes: Buffer): number {
  let best = { from: 0, to: 0 };
  let from = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const value = Math.abs(bytes.readFloatLE(at));
    if (value > 1e-6 && value < 10) {
      if (at - from > best.to - best.from) best = { from, to: at };
    } else from = at + 4;
  }
  return best.to;
}

test("samples are spread over workers, and the bytes are those of one", async ({ page }) => {
  await page.addInitScript(() => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    new MutationObserver(() => said.push(document.querySelector(".progress-text")?.textContent ?? "")).observe(
      document,
      { childList: true, characterData: true, subtree: true },
    );
    Object.defineProperty(navigator, "hardwareConcurrency", { value: Number(localStorage.getItem("cores") ?? 3) });
  });
  await openExample(page, "/", "Spoken words");
  let most = 0;
  const count = () => (most = Math.max(most, page.workers().length));
  page.on("worker", count);
  await quantize(page, "Full integer");
  expect(most).toBe(3);
  const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  expect(said.some((line) => /of 48 in 3 workers/.test(line))).toBe(true);
  const spread = (await downloaded(page)).bytes;
  expect(page.workers().length).toBe(1);
  await page.evaluate(() => localStorage.setItem("cores", "1"));
  await page.reload();
  await page.getByRole("button", { name: "Spoken words", exact: true }).click();
  await expect(page.getByTestId("sample-count")).toBeVisible();
  most = 0;
  await quantize(page, "Full integer");
  await finished(page);
  expect(most).toBe(0); // none was started for it
  expect((await downloaded(page)).bytes.equals(spread)).toBe(true);
});
