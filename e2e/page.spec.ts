// The page as a person uses it: the embedded example, own files, keyboard, errors, cancel, and what it never does.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { type Download, type Page, expect, test } from "@playwright/test";
import * as litequant from "litequant";

const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const example = (name: string) => inRoot(`web/examples/characters/${name}`);

async function openExample(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: "Try the example" }).click();
  await expect(page.getByText(/samples to calibrate on/)).toBeVisible();
}

async function quantize(page: Page, mode: string): Promise<void> {
  await page.getByRole("radio", { name: new RegExp(`^${mode}`) }).check();
  await page.getByRole("button", { name: "Quantize", exact: true }).click();
  await expect(page.getByRole("button", { name: /^Download/ })).toBeVisible({ timeout: 60_000 });
}

async function downloaded(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /^Download/ }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await pathOf(download)) };
}

const pathOf = async (download: Download) => (await download.path()) ?? "";

/** What Node makes of the example in the same mode. */
async function bytesInNode(recipe: litequant.Recipe): Promise<Buffer> {
  const model = await litequant.load(example("characters.tflite"));
  const { tile } = JSON.parse(readFileSync(example("samples.json"), "utf8")) as { tile: number };
  const sheet = await litequant.decodeImage(readFileSync(example("calibration.png")));
  const tiles = litequant.tilesOf(sheet, sheet.width / tile, sheet.height / tile);
  const statistics = await litequant.calibrate(model, await litequant.openDataset(tiles, model));
  const quantized = await litequant.quantize(model, recipe, statistics);
  return Buffer.from(await quantized.save());
}

test("the example: model, samples, mode, result, and the bytes Node makes", async ({ page }) => {
  await openExample(page);
  await expect(page.locator(".thumbnails canvas")).toHaveCount(24);
  for (const [label, mode] of [
    ["Full integer", "int8"],
    ["Dynamic range", "dynamic"],
    ["Integer only", "int8-only"],
    ["Half precision", "float16"],
  ] as const) {
    await quantize(page, label);
    const { name, bytes } = await downloaded(page);
    expect(name).toBe(`characters.${mode}.tflite`);
    expect(bytes.equals(await bytesInNode({ mode })), `${mode}: the same bytes as in Node`).toBe(true);
  }
  await quantize(page, "Full integer");
  await expect(page.getByText("Agreement", { exact: true })).toBeVisible();
  await expect(page.getByText("Top-1", { exact: true })).toBeVisible();
  await expect(page.getByRole("table").first().getByRole("row")).toHaveCount(25);
  await page.getByLabel(/only the .* disagreement/).check();
  for (const row of await page.locator("tbody tr:visible").all()) await expect(row).toHaveClass("differs");
});

test("the build with relaxed SIMD runs where the browser has it", async ({ page }) => {
  await openExample(page);
  await expect(page.getByTestId("engine")).toHaveText("Engine: relaxed SIMD, in a worker.");
});

test("own files: a model and a folder of pictures, by dropping", async ({ page }) => {
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles(example("characters.tflite"));
  await expect(page.getByText("characters.tflite is loaded.")).toBeAttached();
  const picture = readFileSync(example("samples.png")).toString("base64");
  const transfer = await page.evaluateHandle(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const data = new DataTransfer();
    for (const name of ["b.png", "a.png"]) data.items.add(new File([bytes], name, { type: "image/png" }));
    return data;
  }, picture);
  await page.locator(".page").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(page.getByText("2 samples to calibrate on")).toBeVisible();
  await expect(page.locator(".thumbnails canvas")).toHaveCount(2);
  await quantize(page, "Full integer");
  expect((await downloaded(page)).bytes.subarray(4, 8).toString()).toBe("TFL3");
});

test("a file that is no model is named, and the page goes on", async ({ page }) => {
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles({
    name: "page.tflite",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("<!doctype html><title>404</title>"),
  });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("BAD_FILE");
  await expect(alert).toContainText(/HTML/);
  await alert.getByRole("button", { name: "Close" }).click();
  await expect(alert).toBeHidden();
  await page.getByRole("button", { name: "Try the example" }).click();
  await expect(page.getByText(/samples to calibrate on/)).toBeVisible();
});

test("keyboard alone", async ({ page }) => {
  await page.goto("/");
  const focusOn = async (name: RegExp) => {
    for (let presses = 0; presses < 40; ++presses) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => document.activeElement?.textContent ?? "");
      if (name.test(focused)) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  await focusOn(/^Try the example$/);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/samples to calibrate on/)).toBeVisible();
  await page.getByRole("radio", { checked: true }).focus();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("radio", { name: /^Dynamic range/ })).toBeChecked();
  await focusOn(/^Quantize$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /^Download/ })).toBeVisible();
});

test("cancel ends the work and leaves everything usable", async ({ page }) => {
  await openExample(page);
  await page.getByRole("radio", { name: /^Full integer/ }).check();
  await page.getByRole("button", { name: "Quantize", exact: true }).click();
  // As soon as there is something to cancel, from inside the page: the work may be done within a second.
  const milliseconds = await page.evaluate(async () => {
    const seek = () => [...document.querySelectorAll("button")].find((button) => button.textContent === "Cancel");
    let button = seek();
    while (!button) {
      await new Promise(requestAnimationFrame);
      button = seek();
    }
    const from = performance.now();
    button.click();
    while (seek()) await new Promise(requestAnimationFrame);
    return performance.now() - from;
  });
  expect(milliseconds).toBeLessThan(1000);
  await expect(page.getByRole("status")).toHaveText("Cancelled.");
  await expect(page.getByRole("alert")).toBeHidden();
  await quantize(page, "Full integer");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing serious for assistive technology, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const findings = async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id);
    };
    await page.goto("/");
    expect(await findings(), "empty").toEqual([]);
    await openExample(page);
    expect(await findings(), "loaded").toEqual([]);
    await quantize(page, "Full integer");
    expect(await findings(), "done").toEqual([]);
  });
}

test("asks no one but its own server, and names from a file stay text", async ({ page, baseURL }) => {
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(baseURL ?? "") && !/^(blob|data):/.test(request.url())) foreign.push(request.url());
  });
  const violations: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) violations.push(message.text());
  });
  await openExample(page);
  await page.getByTestId("model-file").setInputFiles({
    name: "<img src=x onerror=alert(1)>.tflite",
    mimeType: "application/octet-stream",
    buffer: readFileSync(example("characters.tflite")),
  });
  await expect(page.getByText("<img src=x onerror=alert(1)>.tflite").first()).toBeVisible();
  await expect(page.locator("main img")).toHaveCount(0);
  expect(foreign).toEqual([]);
  expect(violations).toEqual([]);
});
