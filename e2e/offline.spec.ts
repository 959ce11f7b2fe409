// Without a network: the page in one file from disk, and the served page once it is kept by the browser.
import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { expect, test } from "@playwright/test";
import { downloaded, inRoot, openExample, otherRequests, quantize, seriousFindings } from "./support.js";

const file = inRoot(".build/offline/litequant.html");

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

test("the served page works without a network once it has been used", async ({ page, context }) => {
  await page.goto("/");
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await openExample(page); // controlled by now: engine and example are kept
  await context.setOffline(true);
  await openExample(page);
  await quantize(page, "Dynamic range");
  expect((await downloaded(page)).bytes.subarray(4, 8).toString()).toBe("TFL3");
});
