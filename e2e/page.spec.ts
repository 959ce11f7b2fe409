// The page as a person uses it: the embedded example, own files, keyboard, errors, cancel, and what it never does.
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { bytesInNode, downloaded, example, inRoot, openExample, quantize, seriousFindings, tabTo } from "./support.js";

test("the example: model, samples, recipe, result, and the bytes Node makes", async ({ page }) => {
  await openExample(page);
  await expect(page.locator(".thumbnails canvas")).toHaveCount(24);
  for (const [label, mode] of [
    ["Full integer", "int8"],
    ["Dynamic range", "dynamic"],
    ["Integer only", "int8-only"],
    ["Half precision", "float16"],
  ] as const) {
    await quantize(page, label);
    await expect(page.locator("#section-4 .step-outcome")).toHaveText(`characters.${mode}.tflite`);
    const { name, bytes } = await downloaded(page);
    expect(name).toBe(`characters.${mode}.tflite`);
    expect(bytes.equals(await bytesInNode({ mode })), `${mode}: the same bytes as in Node`).toBe(true);
  }
  await quantize(page, "Full integer");
  await expect(page.locator(".summary").getByText("Agreement", { exact: true })).toBeVisible();
  await expect(page.locator(".summary").getByText("Top-1", { exact: true })).toBeVisible();
  const predictions = page.locator("table.predictions");
  await expect(predictions.getByRole("row")).toHaveCount(25);
  await page.getByLabel(/only the .* disagreement/).check();
  for (const row of await predictions.locator("tbody tr").all()) await expect(row).toHaveClass("differs");
});

test("the build with relaxed SIMD runs where the browser has it", async ({ page }) => {
  await openExample(page);
  await expect(page.getByTestId("engine")).toHaveAttribute("data-variant", "relaxed");
  await expect(page.getByTestId("engine")).toHaveAttribute("data-thread", "worker");
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

test("the address of a model on this server, pasted; random values for a try", async ({ page }) => {
  await page.goto("/");
  const served = readdirSync(inRoot(".build/web/assets")).find((name) => name.endsWith(".tflite"));
  await page.evaluate((address) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", address);
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
  }, `assets/${served}`);
  await expect(page.getByText(`${served} is loaded.`)).toBeAttached();
  await page.getByRole("button", { name: "Random values, for a try" }).click();
  await expect(page.getByTestId("sample-count")).toHaveText("16 samples to calibrate on");
  await quantize(page, "Full integer");
  await expect(page.getByText("Compared on random values, not on real data.")).toBeVisible();
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
  await page.getByRole("button", { name: "Characters", exact: true }).click();
  await expect(page.getByTestId("sample-count")).toBeVisible();
});

for (const width of [360, 2560]) {
  test(`at ${width} pixels nothing of the start lies outside the page`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.goto("/");
    await expect(page.getByRole("button", { name: "Noise", exact: true })).toBeVisible();
    for (const button of await page.getByRole("button").all()) {
      const box = await button.boundingBox();
      expect(box?.x, await button.textContent().then(String)).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? width), await button.textContent().then(String)).toBeLessThanOrEqual(width);
    }
  });
}

test("keyboard alone", async ({ page }) => {
  await page.goto("/");
  await tabTo(page, /^Characters$/);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("sample-count")).toBeVisible();
  await page.getByRole("radio", { checked: true }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: /^Dynamic range/ })).toBeChecked();
  await tabTo(page, /^Quantize$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /^Download model/ })).toBeVisible();
  await tabTo(page, /^Predictions$/);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Confusion" })).toBeFocused();
  await expect(page.locator("table.confusion")).toBeVisible();
  await tabTo(page, /^Download model/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  expect(download.suggestedFilename()).toBe("characters.dynamic.tflite");
});

test("cancel ends the work within 300 ms and leaves everything usable", async ({ page }) => {
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
  expect(milliseconds).toBeLessThan(300);
  await expect(page.getByRole("status")).toHaveText("Cancelled.");
  await expect(page.getByRole("alert")).toBeHidden();
  await quantize(page, "Full integer");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing serious for assistive technology, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto("/");
    expect(await seriousFindings(page), "empty").toEqual([]);
    await page.getByTestId("model-file").setInputFiles({
      name: "no.tflite",
      mimeType: "application/octet-stream",
      buffer: Buffer.from("no model"),
    });
    await expect(page.getByRole("alert")).toBeVisible();
    expect(await seriousFindings(page), "error").toEqual([]);
    await openExample(page);
    for (const summary of await page.locator(".disclosure > summary").all()) await summary.click();
    await expect(page.locator(".graph-pane svg")).toBeVisible();
    expect(await seriousFindings(page), "loaded, everything open").toEqual([]);
    await page.getByRole("button", { name: "Try every mode" }).click();
    await expect(page.getByRole("button", { name: "Cancel" })).toBeVisible();
    expect(await seriousFindings(page), "working").toEqual([]);
    await expect(page.getByRole("button", { name: "Cancel" })).toBeHidden({ timeout: 120_000 });
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      expect(await seriousFindings(page), `done, ${await tab.textContent()}`).toEqual([]);
    }
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
