// Model and samples in the browser's own storage: only when asked for, whole, and gone when they are to be forgotten.
import { readFileSync } from "node:fs";
import { type Page, expect, test } from "@playwright/test";
import { downloaded, example, quantize, seriousFindings } from "./support.js";

/** Names of all files that the page keeps. */
const storedFiles = (page: Page) =>
  page.evaluate(async () => {
    const names: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle) => {
      const entries = folder as unknown as AsyncIterable<[string, FileSystemDirectoryHandle | FileSystemFileHandle]>;
      for await (const [name, handle] of entries) {
        if (handle.kind === "directory") await walk(handle);
        else names.push(name);
      }
    };
    await walk(await navigator.storage.getDirectory());
    return names.sort();
  });

const keepBox = (page: Page) => page.getByLabel("Keep my model and samples in this browser for the next visit");

test("nothing is kept unasked; what is kept comes back with its labels; forgetting leaves nothing", async ({
  page,
}) => {
  await page.goto("/");
  const buffer = readFileSync(example("characters.tflite"));
  await page.getByTestId("model-file").setInputFiles({ name: "mine.tflite", mimeType: "", buffer });
  await expect(page.getByText("mine.tflite is loaded.")).toBeAttached();
  const picture = readFileSync(example("samples.png")).toString("base64");
  const transfer = await page.evaluateHandle(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const data = new DataTransfer();
    for (const name of ["b.png", "a.png", "c<b>\\.png"]) data.items.add(new File([bytes], name));
    return data;
  }, picture);
  await page.locator(".page").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(page.getByTestId("sample-count")).toHaveText("3 samples to calibrate on");
  expect(await storedFiles(page)).toEqual([]);
  await quantize(page, "Full integer");
  const before = (await downloaded(page)).bytes;

  await keepBox(page).check();
  await expect(page.getByRole("status")).toHaveText("Model and samples are kept in this browser.");
  expect(await storedFiles(page)).toEqual(["0", "1", "2", "index.json", "model"]);
  expect(await seriousFindings(page)).toEqual([]);

  await page.reload();
  await expect(page.getByText("Kept from your last visit: mine.tflite, 3 files of samples")).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Go on with it" }).click();
  await expect(page.getByTestId("sample-count")).toHaveText("3 samples to calibrate on");
  await quantize(page, "Full integer");
  expect((await downloaded(page)).bytes.equals(before)).toBe(true);

  // Other samples take the place of the first.
  await expect(keepBox(page)).toBeChecked();
  await page.getByTestId("sample-files").setInputFiles(example("samples.png"));
  await expect(page.getByTestId("sample-count")).toHaveText("1 sample to calibrate on");
  await expect.poll(() => storedFiles(page)).toEqual(["0", "index.json", "model"]);

  await keepBox(page).uncheck();
  await expect(page.getByRole("status")).toHaveText("What was kept is forgotten.");
  expect(await storedFiles(page)).toEqual([]);
  await page.reload();
  await expect(page.getByRole("button", { name: "Choose a model" })).toBeVisible();
  await expect(page.getByText("Kept from your last visit")).toBeHidden();
});

test("what is kept can be forgotten at the next visit; an example is not offered to be kept", async ({ page }) => {
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles(example("characters.tflite"));
  await expect(page.getByText("characters.tflite is loaded.")).toBeAttached();
  await keepBox(page).check();
  await expect(page.getByRole("status")).toHaveText("Model and samples are kept in this browser.");
  await page.reload();
  await page.getByRole("button", { name: "Forget it" }).click();
  await expect(page.getByText("Kept from your last visit")).toBeHidden();
  expect(await storedFiles(page)).toEqual([]);
  await page.getByRole("button", { name: "Characters", exact: true }).click();
  await expect(page.getByTestId("sample-count")).toBeVisible();
  await expect(keepBox(page)).toBeHidden();
});
