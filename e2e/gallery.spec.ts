// The demo pages: each one file, from disk, with the network off.
import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Page, chromium, expect, test } from "@playwright/test";
import { example, inRoot, otherRequests, secondsOfSheet, seriousFindings } from "./support.js";

const demo = (name: string) => inRoot(`.build/offline/${name}.html`);

/** Opens it without a network; what it asks of others and what the browser complains of is collected. */
async function openDemo(page: Page, name: string) {
  await page.context().setOffline(true);
  const requests = otherRequests(page);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(pathToFileURL(demo(name)).href);
  return { requests, complaints };
}

const answer = (page: Page, card: number) =>
  page.locator(".demo-answers .step").nth(card).getByRole("row").first().getByRole("rowheader");

for (const name of ["classifier", "denoise", "keywords"]) {
  test(`${name}: one file of at most 1.5 MB`, () => {
    expect(statSync(demo(name)).size).toBeLessThanOrEqual(1_500_000);
  });
}

test("the classifier answers for its pictures and one's own", async ({ page }) => {
  const { requests, complaints } = await openDemo(page, "classifier");
  await expect(page.locator(".demo-answers .step")).toHaveCount(2, { timeout: 60_000 });
  await expect(page.locator(".demo-answers .step").first().getByRole("row")).toHaveCount(3);
  for (const card of [0, 1]) await expect(answer(page, card)).toHaveText("Y"); // the first label of samples.json
  await page.getByRole("button", { name: "Picture 2", exact: true }).click();
  for (const card of [0, 1]) await expect(answer(page, card)).toHaveText("T");
  await page.getByTestId("picture").setInputFiles(example("samples.png"));
  await expect(page.getByRole("button", { pressed: true })).toHaveCount(0);
  await expect(page.getByRole("alert")).toBeHidden();
  expect(await seriousFindings(page)).toEqual([]);
  expect([...requests, ...complaints]).toEqual([]);
});

test("noise is taken off in int8 and with int16 activations, a slider between them", async ({ page }) => {
  const { requests, complaints } = await openDemo(page, "denoise");
  const rows = page.locator("table.narrow tbody tr");
  await expect(rows).toHaveCount(3, { timeout: 60_000 });
  const decibels = async (row: number) =>
    Number.parseFloat((await rows.nth(row).locator("td").last().textContent()) ?? "");
  expect(await decibels(1)).toBeGreaterThan(20);
  expect(await decibels(2)).toBeGreaterThan((await decibels(1)) + 3);
  await expect(page.getByLabel("Left")).toHaveValue("mode.int8");
  await expect(page.getByLabel("Right")).toHaveValue("mode.int16x8");
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveValue("51");
  const first = await page.locator(".before-after canvas").first().evaluate(pixelsOf);
  await page.getByLabel("Left").selectOption("demo.noisy");
  await expect.poll(() => page.locator(".before-after canvas").first().evaluate(pixelsOf)).not.toBe(first);
  const before = await decibels(1);
  await page.getByTestId("picture").setInputFiles(example("samples.png"));
  await expect.poll(() => decibels(1)).not.toBe(before);
  expect(await seriousFindings(page)).toEqual([]);
  expect([...requests, ...complaints]).toEqual([]);
});

/** A canvas as one text. */
const pixelsOf = (canvas: Element) => (canvas as HTMLCanvasElement).toDataURL();

test("spoken words: its own sounds, a .wav, and the microphone", async ({ page }, { project }) => {
  const { requests, complaints } = await openDemo(page, "keywords");
  const labels = readFileSync(inRoot("web/examples/keywords/labels.txt"), "utf8").trim().split("\n");
  const { labels: kinds } = JSON.parse(readFileSync(inRoot("web/examples/keywords/samples.json"), "utf8")) as {
    labels: number[];
  };
  await expect(answer(page, 1)).toBeVisible({ timeout: 60_000 });
  let right = 0;
  for (let index = 0; index < 24; ++index) {
    await page.getByRole("button", { name: `Sound ${index + 1}`, exact: true }).click();
    await page.waitForTimeout(80);
    if ((await answer(page, 1).textContent()) === labels[kinds[index] ?? -1]) ++right;
  }
  console.log(`spoken words in int8: ${right} of 24 right`);
  expect(right).toBeGreaterThanOrEqual(18);

  // As a file: a sound of which the models are sure.
  const buffer = secondsOfSheet("samples.wav")[1] ?? Buffer.alloc(0);
  await page.getByRole("button", { name: "Sound 2", exact: true }).click();
  await page.waitForTimeout(150);
  const known = await answer(page, 0).textContent();
  await page.getByRole("button", { name: "Sound 3", exact: true }).click();
  await page.getByTestId("sound").setInputFiles({ name: "word.wav", mimeType: "audio/wav", buffer });
  await expect(page.getByRole("button", { pressed: true })).toHaveCount(0);
  await expect(answer(page, 0)).toHaveText(known ?? "");
  expect(await seriousFindings(page)).toEqual([]);
  expect([...requests, ...complaints]).toEqual([]);

  // The browser's false microphone beeps: what is heard is looked at again and again.
  const args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  const { launchOptions } = project.use;
  const browser = await chromium.launch({ ...launchOptions, args: [...(launchOptions?.args ?? []), ...args] });
  const listening = await browser.newPage();
  await openDemo(listening, "keywords");
  await expect(answer(listening, 1)).toBeVisible({ timeout: 60_000 });
  const picture = listening.locator(".demo-sound canvas");
  const before = await picture.evaluate(pixelsOf);
  await listening.getByRole("button", { name: "Use the microphone" }).click();
  await expect.poll(() => picture.evaluate(pixelsOf)).not.toBe(before);
  await listening.getByRole("button", { name: "Stop the microphone" }).click();
  await expect(listening.getByRole("alert")).toBeHidden();
  await browser.close();
});
