// What the tests of the page share: the embedded example, the steps a person takes, and what comes out.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { type Download, type Page, expect } from "@playwright/test";
import * as litequant from "litequant";

export const inRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
export const example = (name: string) => inRoot(`web/examples/characters/${name}`);

export async function openExample(page: Page, address = "/", name = "Characters"): Promise<void> {
  await page.goto(address);
  await page.getByRole("button", { name, exact: true }).click();
  await expect(page.getByTestId("sample-count")).toBeVisible();
}

/** A file of the disk as the model. */
export async function openModel(page: Page, path: string): Promise<void> {
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles(path);
  await expect(page.getByText(`${basename(path)} is loaded.`)).toBeAttached();
}

/** The example with other text in place of some of its own, which is no longer than that. */
export function patched(replacements: Readonly<Record<string, string>>): Buffer {
  const bytes = readFileSync(example("characters.tflite"));
  for (const [old, put] of Object.entries(replacements)) {
    const at = bytes.indexOf(old, 0, "latin1");
    if (at < 0 || put.length > old.length) throw new Error(`${old} is not in the model, or too short`);
    bytes.write(put.padEnd(old.length, " "), at, "latin1");
  }
  return bytes;
}

/** The example without what it says of itself: neither the entry's name nor its identifier are those looked for. */
export const withoutMetadata = (): Buffer => patched({ TFLITE_METADATA: "TFLITE_META____", M001: "M___" });

/** With the mode of this name, until there is a file to download. */
export async function quantize(page: Page, mode: string): Promise<void> {
  await page.getByRole("radio", { name: new RegExp(`^${mode}`) }).check();
  await page.getByRole("button", { name: "Quantize", exact: true }).click();
  await finished(page);
}

export async function finished(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: /^Download model/ })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("button", { name: "Cancel" })).toBeHidden({ timeout: 120_000 });
}

export async function downloaded(page: Page, button: RegExp = /^Download model/) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await pathOf(download)) };
}

const pathOf = async (download: Download) => (await download.path()) ?? "";

/** What Node makes of the example with the same recipe. */
export async function bytesInNode(recipe: litequant.Recipe): Promise<Buffer> {
  const model = await litequant.load(example("characters.tflite"));
  const { tile } = JSON.parse(readFileSync(example("samples.json"), "utf8")) as { tile: number };
  const sheet = await litequant.decodeImage(readFileSync(example("calibration.png")));
  const tiles = litequant.tilesOf(sheet, sheet.width / tile, sheet.height / tile);
  const statistics = await litequant.calibrate(model, await litequant.openDataset(tiles, model));
  const quantized = await litequant.quantize(model, recipe, statistics);
  return Buffer.from(await quantized.save());
}

/** Every request of the page that is not for a file or for its own memory. */
export function otherRequests(page: Page): string[] {
  const found: string[] = [];
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) found.push(request.url());
  });
  return found;
}

/** Each second of a sheet of the spoken words as a .wav. */
export function secondsOfSheet(name: string): Buffer[] {
  const sheet = readFileSync(inRoot(`web/examples/keywords/${name}`));
  const { rate } = JSON.parse(readFileSync(inRoot("web/examples/keywords/samples.json"), "utf8")) as { rate: number };
  return Array.from({ length: Math.floor((sheet.length - 44) / rate) }, (_, index) => {
    const header = Buffer.from(sheet.subarray(0, 44));
    header.writeUInt32LE(36 + rate, 4);
    header.writeUInt32LE(rate, 40);
    return Buffer.concat([header, sheet.subarray(44 + index * rate, 44 + (index + 1) * rate)]);
  });
}

/** Findings of axe that are serious or worse. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

/** Presses Tab until what has the focus has this text or label. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; ++presses) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
    );
    if (name.test(focused.trim())) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}
