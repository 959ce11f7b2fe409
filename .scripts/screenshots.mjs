// `npm run screenshots`: each step and state of the page, and the demos, at two sizes, into .build/screenshots.
//   npm run screenshots -- WIDTH…     at these widths instead; LANGUAGE=de|zh-CN in another language
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { serve } from "./serve.mjs";
import { setup } from "./setup.mjs";
import { buildRoot, inRoot, main, say } from "./system.mjs";

const folder = join(buildRoot, "screenshots");
const widths = process.argv.slice(2).map(Number).filter(Boolean);
const language = process.env.LANGUAGE?.match(/^(de|zh-CN)/)?.[0] ?? "en";

/** States one after another; each step changes the page of the step before. */
const states = [
  { name: "1-empty", reach: async () => undefined },
  {
    name: "2-error",
    reach: async (page) => {
      const buffer = Buffer.from("<!doctype html><title>404</title>");
      await page.getByTestId("model-file").setInputFiles({ name: "page.tflite", mimeType: "text/html", buffer });
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "3-loaded",
    reach: async (page) => {
      await page.getByRole("alert").getByRole("button").first().click();
      await page.locator(".examples button").first().click();
      await page.getByTestId("sample-count").waitFor();
    },
  },
  {
    name: "4-details",
    reach: async (page) => {
      for (const summary of await page.locator(".disclosure > summary").all()) await summary.click();
      await page.locator(".graph-pane svg").waitFor();
    },
  },
  {
    name: "5-every",
    reach: async (page) => {
      for (const summary of await page.locator(".disclosure > summary").all()) await summary.click();
      await quantize(page, 1);
      await page.waitForTimeout(800); // pictures of the first rows
    },
  },
  ...["confusion", "outputs", "nodes", "latency"].map((name, index) => ({
    name: `6-${name}`,
    reach: (page) => openTab(page, index + 1),
  })),
  {
    name: "7-tensor",
    reach: async (page) => {
      await openTab(page, 3);
      await page.locator("td .link").first().click();
      await page.locator(".tensor-panel svg").last().waitFor();
    },
  },
  ...["shapes", "words", "noise"].map((name, index) => ({
    name: `8-${name}`,
    reach: async (page) => {
      await page.reload();
      await page
        .locator(".examples button")
        .nth(index + 1)
        .click();
      await page.getByTestId("sample-count").waitFor();
      await quantize(page, 0);
      await openTab(
        page,
        await page
          .getByRole("tab")
          .count()
          .then((count) => count - 3),
      );
    },
  })),
];

/** With the chosen mode (0) or with each (1). */
async function quantize(page, button) {
  await page.locator("#section-3 .actions button").nth(button).click();
  await page.locator(".progress").waitFor();
  await page.locator(".progress").waitFor({ state: "detached", timeout: 120_000 });
  await page.getByRole("tab").first().waitFor();
}

async function openTab(page, index) {
  await page.getByRole("tab").nth(index).click();
  await page.waitForTimeout(400);
}

const demos = ["classifier", "denoise", "keywords"];

await main(async () => {
  const tools = await setup("test");
  await build(tools);
  const { chromium } = await import("@playwright/test");
  const { address, close } = await serve(inRoot(".build/web"), 8300);
  const browser = await chromium.launch({
    executablePath: tools.chromium,
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  mkdirSync(folder, { recursive: true });
  for (const width of widths.length > 0 ? widths : [1280, 360]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, locale: language });
      await page.goto(address);
      const keep = async (name) => {
        await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
        const path = join(folder, `${width}-${colorScheme}-${name}.png`);
        await page.screenshot({ path, fullPage: true });
        say(path.slice(inRoot("").length));
      };
      for (const { name, reach } of states) {
        await reach(page);
        await keep(name);
      }
      for (const name of demos) {
        await page.goto(pathToFileURL(join(buildRoot, `offline/${name}.html`)).href);
        await page.locator(".demo .step table").last().waitFor({ timeout: 60_000 });
        await page.waitForTimeout(400);
        await keep(`9-${name}`);
      }
      await page.close();
    }
  }
  await browser.close();
  close();
});
