// Without a network: the page in one file from disk, and the served page once it is kept by the browser.
import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Page, expect, test } from "@playwright/test";
import { downloaded, example, inRoot, openExample, quantize, seriousFindings } from "./support.js";

const file = inRoot(".build/offline/litequant.html");

/** Every request of the page that is not for the file itself or for its own memory. */
function otherRequests(page: Page): string[] {
  const found: string[] = [];
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) found.push(request.url());
  });
  return found;
}

test("the one-file page holds at most 1.5 MB", () => {
  expect(statSync(file).size).toBeLessThanOrEqual(1_500_000);
});

test("the one-file page does the whole job from disk with the network off", async ({ page, context }) => {
  await context.setOffline(true);
  const requests = otherRequests(page);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await openExample(page, pathToFileURL(file).href);
  await expect(page.getByTestId("engine")).toHaveAttribute("data-variant", "simd");
  await expect(page.getByTestId("engine")).toHaveAttribute("data-thread", "worker");
  await quantize(page, "Full integer");
  await expect(page.locator(".summary").getByText("Top-1", { exact: true })).toBeVisible();
  const { name, bytes } = await downloaded(page);
  expect(name).toBe("characters.int8.tflite");
  expect(bytes.subarray(4, 8).toString()).toBe("TFL3");
  expect(bytes.byteLength).toBeLessThan(140_000);
  await page.getByLabel("Language").selectOption("zh-CN");
  await expect(page.getByRole("heading", { name: "模型", exact: true })).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  expect(requests).toEqual([]);
  expect(complaints).toEqual([]);
});

test("the demo quantizes, and answers for its pictures and one's own", async ({ page, context }) => {
  await context.setOffline(true);
  await page.goto(pathToFileURL(inRoot(".build/offline/classifier.html")).href);
  const cards = page.locator(".demo-answers .step");
  await expect(cards).toHaveCount(2, { timeout: 60_000 });
  await expect(cards.first().getByRole("row")).toHaveCount(3);
  const answer = (card: number) => cards.nth(card).getByRole("row").first().getByRole("rowheader");
  await expect(answer(0)).toHaveText("Y"); // the first label of samples.json
  await expect(answer(1)).toHaveText("Y");
  await page.getByRole("button", { name: "Picture 2", exact: true }).click();
  await expect(answer(0)).toHaveText("T");
  await expect(answer(1)).toHaveText("T");
  await page.getByTestId("picture").setInputFiles(example("samples.png"));
  await expect(page.getByRole("button", { pressed: true })).toHaveCount(0);
  await expect(page.getByRole("alert")).toBeHidden();
  expect(await seriousFindings(page)).toEqual([]);
});

test("the served page works without a network once it has been used", async ({ page, context }) => {
  await page.goto("/");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await openExample(page); // controlled by now: engine and example are kept
  await context.setOffline(true);
  await openExample(page);
  await quantize(page, "Dynamic range");
  expect((await downloaded(page)).bytes.subarray(4, 8).toString()).toBe("TFL3");
});
