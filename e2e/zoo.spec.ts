// The whole flow on models of others, where they are at hand; only in `npm run test:all`.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { downloaded, finished, inRoot } from "./support.js";

const zoo = process.env.LITEQUANT_ZOO ?? inRoot("../shared/zoo");
const pictures = (count: number) =>
  readdirSync(join(zoo, "data/coco"))
    .filter((name) => name.endsWith(".jpg"))
    .slice(0, count)
    .map((name) => join(zoo, "data/coco", name));

test.skip(!process.env.LITEQUANT_LONG || !existsSync(zoo), "the zoo is not here, or not asked for");

for (const { file, mode, seen } of [
  { file: "seg/deeplabv3_mnv2_257_float.tflite", mode: "int8", seen: ".masks canvas" },
  { file: "image2image/abpn_x2_float.tflite", mode: "int16x8", seen: ".before-after canvas" },
  { file: "cls/mobilenet_v1_0.25_224_float.tflite", mode: "int8-only", seen: ".curves svg" },
]) {
  test(`${file}: model, 32 pictures, result in three actions`, async ({ page }) => {
    await page.goto("/");
    await page.evaluate(
      (chosen) => localStorage.setItem("litequant", JSON.stringify({ recipe: { mode: chosen } })),
      mode,
    );
    await page.reload();
    await page.getByTestId("model-file").setInputFiles(join(zoo, "models", file));
    await expect(page.locator("#section-1 .facts")).toBeVisible();
    const from = Date.now();
    await page.getByTestId("sample-files").setInputFiles(pictures(32));
    await expect(page.getByTestId("sample-count")).toBeVisible({ timeout: 120_000 });
    await page.getByRole("button", { name: "Quantize", exact: true }).click();
    await finished(page);
    console.log(`${file}, ${mode}: ${Date.now() - from} ms from pictures to result`);
    await page.getByRole("tab", { name: "Outputs" }).click();
    await expect(page.locator(seen).first()).toBeVisible();
    await expect(page.getByRole("alert")).toBeHidden();
    expect((await downloaded(page)).bytes.subarray(4, 8).toString()).toBe("TFL3");
  });
}
