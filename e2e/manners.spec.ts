// How the page behaves towards the one before it: touch, small and large screens, forced colours, reduced motion, hostile
// names, browsers that cannot run the engine, memory that runs out, and being installed.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Locator, type Page, chromium, expect, test } from "@playwright/test";
import sharp from "sharp";
import { downloaded, finished, inRoot, openExample, patched, quantize, seriousFindings } from "./support.js";

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Smaller than 24 pixels either way, which WCAG 2.2 asks of all that is pressed. */
async function smallTargets(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const isSeen = (element: Element) => element.checkVisibility() && element.getBoundingClientRect().width > 0;
    return [...document.querySelectorAll("button, select, summary, input:not([type=radio], [type=checkbox]), a")]
      .filter(isSeen)
      .filter((element) => {
        const { width, height } = element.getBoundingClientRect();
        return width < 24 || height < 24;
      })
      .map((element) => `${element.tagName} ${element.textContent}`);
  });
}

test("five steps by touch, on a telephone", async ({ browser }, { project }) => {
  const { baseURL = "" } = project.use;
  const context = await browser.newContext({
    baseURL,
    hasTouch: true,
    isMobile: true,
    viewport: { width: 390, height: 844 },
  });
  const page = await context.newPage();
  await page.goto("/");
  await button(page, "Characters").tap();
  await expect(page.getByTestId("sample-count")).toBeVisible();
  await page.getByText("Graph", { exact: true }).tap();
  const pane = page.locator(".graph-pane");
  await expect(pane.locator("svg")).toBeVisible();
  const node = pane.locator(".node").first();
  const before = await node.boundingBox();
  await pane.scrollIntoViewIfNeeded();
  await dragByTouch(pane, -60);
  await expect.poll(async () => (await node.boundingBox())?.x).toBeLessThan((before?.x ?? 0) - 30);
  await page.locator(".mode", { hasText: "Half precision" }).tap();
  await expect(page.getByRole("radio", { name: /^Half precision/ })).toBeChecked();
  await button(page, "Quantize").tap();
  await finished(page);
  await page.getByRole("tab", { name: "Nodes" }).tap();
  await page.locator("td .link").first().tap();
  await expect(page.locator(".tensor-panel svg").first()).toBeVisible();
  expect(await smallTargets(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /^Download model/ }).tap(),
  ]);
  expect(download.suggestedFilename()).toBe("characters.float16.tflite");
  await context.close();
});

async function dragByTouch(target: Locator, byX: number): Promise<void> {
  const client = await target.page().context().newCDPSession(target.page());
  const box = await target.boundingBox();
  if (!box) throw new Error("there is nothing to drag");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const send = (type: "touchStart" | "touchMove" | "touchEnd", shift: number) =>
    client.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: x + shift, y }] });
  await send("touchStart", 0);
  for (let step = 1; step <= 6; ++step) await send("touchMove", (byX * step) / 6);
  await send("touchEnd", byX);
  await target.page().waitForTimeout(1200); // a touch while the browser still takes the stroke on only stops it
}

for (const name of ["Characters", "Shapes", "Noise"]) {
  test(`${name}: at 360 pixels nothing of a result lies outside the page`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await openExample(page, "/", name);
    await quantize(page, "Full integer");
    for (const summary of await page.locator(".disclosure > summary").all()) await summary.click();
    for (const tab of await page.getByRole("tab").all()) {
      await tab.click();
      await page.waitForTimeout(100);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), String(await tab.textContent())).toBe(
        360,
      );
    }
    const titles = page.locator(".stepper-title");
    const isCut = (element: Element) => element.scrollWidth > element.clientWidth;
    for (const title of await titles.all())
      expect(await title.evaluate(isCut), String(await title.textContent())).toBe(false);
  });
}

test("at 2560 pixels the results stand beside the model", async ({ page }) => {
  await page.setViewportSize({ width: 2560, height: 1400 });
  await openExample(page);
  await quantize(page, "Full integer");
  const [model, compare] = await Promise.all(["#section-1", "#section-4"].map((id) => page.locator(id).boundingBox()));
  expect(compare?.x).toBeGreaterThan((model?.x ?? 0) + (model?.width ?? 0));
  expect(compare?.y).toBe(model?.y);
  expect((compare?.x ?? 0) + (compare?.width ?? 0)).toBeGreaterThan(2100);
});

test("in forced colours what is chosen, and what is drawn, is still seen", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await openExample(page);
  await quantize(page, "Full integer");
  const style = (selector: string, property: "outlineStyle" | "backgroundColor" | "borderTopStyle") =>
    page
      .locator(selector)
      .first()
      .evaluate((element, name) => getComputedStyle(element)[name], property);
  expect(await style(".mode:has(:checked)", "outlineStyle")).toBe("solid");
  expect(await style(".mode:not(:has(:checked))", "outlineStyle")).toBe("none");
  expect(await style("[role=tab][aria-selected=true]", "outlineStyle")).toBe("solid");
  expect(await style(".figure", "borderTopStyle")).toBe("solid");
  const ground = await style("body", "backgroundColor");
  expect(await style(".figure-bar span", "backgroundColor")).not.toBe(ground);
  await page.getByRole("tab", { name: "Latency" }).click();
  expect(await style(".latency-bar .fill", "backgroundColor")).not.toBe(ground);
  expect(await seriousFindings(page)).toEqual([]);
});

test("who wants no motion gets none", async ({ page }) => {
  const moving = () =>
    page.evaluate(() => {
      const isMoving = (element: Element) => {
        const { transitionDuration, animationDuration, scrollBehavior } = getComputedStyle(element);
        return /[1-9]/.test(transitionDuration + animationDuration) || scrollBehavior === "smooth";
      };
      return [...document.querySelectorAll("*")].filter(isMoving).length;
    });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await openExample(page);
  expect(await moving()).toBeGreaterThan(0);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await quantize(page, "Full integer");
  expect(await moving()).toBe(0);
});

test("names inside a model are text, wherever they are shown and in the report", async ({ page }) => {
  const attack = "<img src=x onerror=alert(1)>";
  const buffer = patched({
    "Classifies digits and capital letters in many fonts on clutter.": `${attack} description`,
    "re_lu_1/Relu6;batch_normalization_1/batchnorm/add_1": attack,
  });
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles({ name: "hostile.tflite", mimeType: "", buffer });
  await expect(page.getByText("hostile.tflite is loaded.")).toBeAttached();
  await page.getByRole("button", { name: "Random values, for a try" }).click();
  await quantize(page, "Full integer");
  for (const summary of await page.locator(".disclosure > summary").all()) await summary.click();
  await expect(page.getByText(`${attack} description`)).toBeVisible();
  await page.getByRole("tab", { name: "Nodes" }).click();
  const row = page.locator("td .link", { hasText: attack });
  await expect(row).toBeVisible();
  await row.click();
  await expect(page.locator(".tensor-panel h4")).toContainText(attack);
  await page.getByLabel("Operator, tensor or number").fill("onerror");
  await expect(page.locator(".graph-pane .hit").first()).toBeVisible();
  await expect(page.locator("main img, main [onerror]")).toHaveCount(0);

  const report = (await downloaded(page, /^Report/)).bytes.toString();
  expect(report).toContain("&#60;img src=x onerror=alert(1)&#62;");
  expect(report).not.toContain("<img");
  expect(dialogs).toEqual([]);
});

for (const { name, cripple, says } of [
  {
    name: "SIMD",
    cripple: () => (WebAssembly.validate = () => false),
    says: "this browser or Node has no WebAssembly SIMD",
  },
  {
    name: "WebAssembly",
    cripple: () => Reflect.deleteProperty(globalThis, "WebAssembly"),
    says: "this browser or Node has no WebAssembly",
  },
]) {
  test(`a browser without ${name} is told so at once, and which ones have it`, async ({ page }) => {
    await page.addInitScript(cripple);
    await page.goto("/");
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("The engine could not be started in this browser.");
    await expect(alert).toContainText(says);
    await expect(alert).toContainText("Safari 16.4");
    expect(await seriousFindings(page)).toEqual([]);
    await alert.getByRole("button", { name: "Close" }).click();
    await button(page, "Characters").click();
    await expect(alert).toContainText("ENGINE_NOT_LOADED"); // not a page that waits for ever
    await expect(button(page, "Choose a model")).toBeEnabled();
  });
}

test("memory that runs out is told, and the page goes on", async ({ browser }, { project }) => {
  const { baseURL = "" } = project.use;
  const context = await browser.newContext({ baseURL, serviceWorkers: "block" });
  const page = await context.newPage();
  // In the worker the engine's memory cannot grow, as where the system has none left.
  await page.route(/worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    const body = `WebAssembly.Memory.prototype.grow = () => { throw new RangeError("no memory"); };${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await openExample(page);
  const large = await sharp({ create: { width: 4000, height: 4000, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
  await page.getByTestId("sample-files").setInputFiles({ name: "large.png", mimeType: "image/png", buffer: large });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("OUT_OF_MEMORY");
  await expect(alert).toContainText("Fewer samples, or a mode without samples, need less.");
  expect(await seriousFindings(page)).toEqual([]);
  await alert.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("100 samples to calibrate on")).toBeVisible();
  await quantize(page, "Full integer");
  expect((await downloaded(page)).bytes.subarray(4, 8).toString()).toBe("TFL3");
  await context.close();
});

test("it can be installed", async ({ browserName }, { project }) => {
  expect(browserName).toBe("chromium"); // whose own list of obstacles is asked for
  const { launchOptions, baseURL = "" } = project.use;
  // Not in a window that keeps nothing: those install nothing.
  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  const context = await chromium.launchPersistentContext(folder, { ...launchOptions, baseURL });
  try {
    const page = await context.newPage();
    await page.goto("/");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    const client = await context.newCDPSession(page);
    const { errors, data = "{}" } = await client.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const {
      name,
      icons,
      start_url: start,
    } = JSON.parse(data) as {
      name: string;
      icons: readonly { src: string }[];
      start_url: string;
    };
    expect([name, start]).toEqual(["litequant", "./"]);
    for (const { src } of icons) expect((await page.request.get(new URL(src, baseURL).href)).ok(), src).toBe(true);
    expect((await client.send("Page.getInstallabilityErrors")).installabilityErrors).toEqual([]);
  } finally {
    await context.close();
  }
});

test("a detector's boxes lie on the picture, by both models", async ({ page }) => {
  const scene = async (...blocks: readonly (readonly [left: number, top: number, colour: string])[]) =>
    await sharp({ create: { width: 32, height: 32, channels: 3, background: "black" } })
      .composite(
        blocks.map(([left, top, background]) => ({
          input: { create: { width: 8, height: 8, channels: 3 as const, background } },
          left,
          top,
        })),
      )
      .png()
      .toBuffer();
  await page.goto("/");
  await page.getByTestId("model-file").setInputFiles(inRoot("e2e/models/detector.tflite"));
  await expect(page.getByText("detector.tflite is loaded.")).toBeAttached();
  await page.getByTestId("sample-files").setInputFiles([
    { name: "0.png", mimeType: "image/png", buffer: await scene([16, 8, "lime"], [0, 24, "red"]) },
    { name: "1.png", mimeType: "image/png", buffer: await scene() },
  ]);
  await expect(page.getByTestId("sample-count")).toBeVisible();
  await page.getByLabel("Pixel values become").selectOption("0…1");
  await expect(page.getByText("Values from 0 to 1")).toBeVisible();
  await quantize(page, "Full integer");
  await expect(page.getByRole("tab").first()).toHaveText("Outputs"); // it predicts no class of the picture
  await expect(page.locator(".summary").getByText("Agreement")).toBeHidden();
  for (const which of ["float", "quantized"]) {
    const rects = page.locator(`.boxed.${which} rect`);
    await expect(rects).toHaveCount(2);
    const corners = await rects.evaluateAll((all) =>
      all.map((one) => ["x", "y", "width", "height"].map((name) => Number(Number(one.getAttribute(name)).toFixed(2)))),
    );
    expect(corners.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual([
      [0, 0.75, 0.25, 0.25],
      [0.5, 0.25, 0.25, 0.25],
    ]);
  }
  await expect(page.locator("table.boxes tbody tr")).toHaveCount(4);
  expect(new Set(await page.locator("table.boxes tbody td:nth-child(3)").allTextContents())).toEqual(
    new Set(["class 0", "class 1"]),
  );
  await page.getByText("All outputs in numbers").click();
  await expect(page.locator(".output")).toHaveCount(4);
  await expect(page.locator(".output", { hasText: "count" }).locator("svg")).toHaveCount(0); // one number is no curve
  expect(await seriousFindings(page)).toEqual([]);
  await page.getByLabel("Sample", { exact: true }).fill("2");
  await expect(page.getByText("Neither model is sure of anything in this picture.")).toBeVisible();
  await expect(page.locator(".boxed rect")).toHaveCount(0);
});
