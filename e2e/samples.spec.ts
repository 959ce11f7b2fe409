// Every way in which samples come into the page: folders dropped, archives, arrays, sounds, the camera, label files; and
// what is said of pictures whose normalisation nobody told.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, chromium, expect, test } from "@playwright/test";
import { zipSync } from "fflate";
import * as litequant from "litequant";
import sharp from "sharp";
import {
  downloaded,
  example,
  inRoot,
  openModel,
  quantize,
  secondsOfSheet,
  seriousFindings,
  withoutMetadata,
} from "./support.js";

const { tile, columns, labels } = JSON.parse(readFileSync(example("samples.json"), "utf8")) as {
  tile: number;
  columns: number;
  labels: number[];
};
const classNames = readFileSync(example("labels.txt"), "utf8").trim().split("\n");

/** A picture of the example's labelled sheet, as a PNG. */
const picture = (index: number) =>
  sharp(example("samples.png"))
    .extract({ left: (index % columns) * tile, top: Math.floor(index / columns) * tile, width: tile, height: tile })
    .png()
    .toBuffer();

/** Values as the model wants them, of a few pictures one after another. */
async function tensorOf(indices: readonly number[]): Promise<Float32Array> {
  const parts: number[] = [];
  for (const index of indices) {
    const pixels = await litequant.decodeImage(await picture(index));
    const { data } = await litequant.imageToTensor(pixels, { height: tile, width: tile, normalize: [-1, 1] });
    parts.push(...(data as Float32Array));
  }
  return Float32Array.from(parts);
}

/** A .npy file of float32. */
function npy(shape: readonly number[], values: Float32Array): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n";
  const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}`, "latin1");
  return Buffer.concat([head, Buffer.from(values.buffer)]);
}

async function giveFile(page: Page, name: string, buffer: Buffer, testId = "sample-files"): Promise<void> {
  await page.getByTestId(testId).setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

/** As a person drops them: files and folders of the disk. */
async function dropFromDisk(page: Page, files: readonly string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    const data = { items: [], files: [...files], dragOperationsMask: 1 };
    await client.send("Input.dispatchDragEvent", { type, x: 200, y: 300, data });
  }
}

const count = (page: Page) => page.getByTestId("sample-count");
const labelled = (page: Page, number: number) => page.getByText(`${number} labelled samples to compare on`);

test("a model and two folders dropped together: each folder is a class", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  const chosen = [labels.indexOf(10), labels.indexOf(11), labels.lastIndexOf(11)]; // A, B, B
  for (const index of chosen) {
    const name = classNames[labels[index] ?? 0] ?? "";
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, `${index}.png`), await picture(index));
  }
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Choose a model" })).toBeVisible();
  await dropFromDisk(page, [example("characters.tflite"), join(folder, "A"), join(folder, "B")]);
  await expect(count(page)).toHaveText("3 samples to calibrate on");
  await expect(labelled(page, 3)).toBeVisible();
  await quantize(page, "Dynamic range");
  const cells = page.locator("table.predictions tbody td:nth-child(2)");
  await expect(cells).toHaveText(["A", "B", "B"]);
});

test("a .zip is the folder it holds", async ({ page }) => {
  const chosen = [0, 1, 2, 3].map((index) => [classNames[labels[index] ?? 0] ?? "", index] as const);
  const files = await Promise.all(
    chosen.map(
      async ([name, index]) => [`pictures/${name}/${index}.png`, new Uint8Array(await picture(index))] as const,
    ),
  );
  await openModel(page, example("characters.tflite"));
  await giveFile(page, "pictures.zip", Buffer.from(zipSync(Object.fromEntries(files))));
  await expect(count(page)).toHaveText("4 samples to calibrate on");
  await expect(labelled(page, 4)).toBeVisible();
  await expect(page.locator(".thumbnails canvas")).toHaveCount(4);
});

for (const kind of ["npy", "npz"] as const) {
  test(`.${kind}: the same bytes as from the package, and labels from a file`, async ({ page }) => {
    const indices = [0, 1, 2, 3, 4, 5];
    const data = await tensorOf(indices);
    const shape = [indices.length, tile, tile, 3];
    const buffer =
      kind === "npy"
        ? npy(shape, data)
        : Buffer.from(await litequant.writeArrays({ image: { type: "float32", data, shape } }));
    await openModel(page, example("characters.tflite"));
    await giveFile(page, `samples.${kind}`, buffer);
    await expect(count(page)).toHaveText("6 samples to calibrate on");
    await expect(page.getByText("No labels: agreement is counted, accuracy is not.")).toBeVisible();

    await giveFile(page, "labels.txt", Buffer.from("1\n2\n"), "label-file");
    await expect(page.getByRole("alert")).toContainText("The file has 2 labels for 6 samples.");
    await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
    const names = indices.map((index) => classNames[labels[index] ?? 0]);
    await giveFile(page, "labels.txt", Buffer.from(names.join("\n")), "label-file");
    await expect(labelled(page, 6)).toBeVisible();

    await quantize(page, "Full integer");
    await expect(page.locator("table.predictions tbody td:nth-child(2)")).toHaveText(names as string[]);
    const model = await litequant.load(example("characters.tflite"));
    const samples = indices.map((_, at) => [data.subarray(at * tile * tile * 3, (at + 1) * tile * tile * 3)]);
    const statistics = await litequant.calibrate(model, samples);
    const expected = await (await litequant.quantize(model, { mode: "int8" }, statistics)).save();
    expect((await downloaded(page)).bytes.equals(Buffer.from(expected))).toBe(true);
  });
}

test("sounds: .wav files, drawn and quantized; one that is no sound is named", async ({ page }) => {
  await openModel(page, inRoot("web/examples/keywords/keywords.tflite"));
  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  secondsOfSheet("samples.wav")
    .slice(0, 3)
    .forEach((sound, index) => writeFileSync(join(folder, `${index}.wav`), sound));
  await dropFromDisk(page, [folder]);
  await expect(count(page)).toHaveText("3 samples to calibrate on");
  await expect(page.locator(".thumbnails canvas")).toHaveCount(3);
  writeFileSync(join(folder, "3.wav"), "no sound");
  await dropFromDisk(page, [folder]);
  await expect(page.getByRole("alert")).toContainText("3.wav");
  await expect(page.getByRole("alert")).toContainText("BAD_SAMPLE");
});

test("a model that does not say its normalisation: the usual ones are tried, and the guess is explained", async ({
  page,
}) => {
  await page.goto("/");
  await giveFile(page, "untold.tflite", withoutMetadata(), "model-file");
  await expect(page.getByText("untold.tflite is loaded.")).toBeAttached();
  const folder = mkdtempSync(join(tmpdir(), "litequant-"));
  for (let index = 0; index < 8; ++index) writeFileSync(join(folder, `${index}.png`), await picture(index));
  await page.getByTestId("sample-folder").setInputFiles(folder);
  await expect(count(page)).toHaveText("8 samples to calibrate on");
  await expect(page.locator(".warning", { hasText: "trying does not tell clearly: -1…1" })).toBeVisible();
  const table = page.getByRole("table", { name: "The model's largest probability" });
  await expect(table.getByRole("rowheader")).toHaveCount(4);
  // It was trained with -1…1, though it is a little surer of what ImageNet's mean and deviation give.
  await expect(table.getByRole("rowheader").first()).toHaveText("-1…1");
  const figures = async (name: string) => {
    const cells = await table.getByRole("row").filter({ hasText: name }).locator("td").allTextContents();
    return cells.map((cell) => Number.parseFloat(cell));
  };
  const [[trained = 0], [surest = 0], [, tooLarge = 100]] = await Promise.all(
    ["-1…1", "ImageNet", "0…255"].map(figures),
  );
  expect(surest).toBeGreaterThan(trained);
  expect(tooLarge).toBeLessThan(60); // of the first layer's values are usable
  await expect(page.getByText(/^Your samples, .* Values from −1 to 1/)).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);

  await page.getByLabel("Pixel values become").selectOption("0…255");
  await expect(page.getByText(/Values from \d+ to 255/)).toBeVisible();
  await expect(page.getByText("trying does not tell clearly")).toBeHidden();
});

test("the camera: pictures of what it sees, and not a sound without it", async ({ page }, { project }) => {
  await openModel(page, example("characters.tflite"));
  await page.getByRole("button", { name: "Use the camera" }).click();
  await expect(page.getByRole("alert")).toContainText("The camera cannot be used");

  const args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  const { launchOptions, baseURL } = project.use;
  const browser = await chromium.launch({ ...launchOptions, args: [...(launchOptions?.args ?? []), ...args] });
  try {
    const seeing = await browser.newPage(baseURL ? { baseURL } : {});
    await openModel(seeing, example("characters.tflite"));
    await seeing.getByRole("button", { name: "Use the camera" }).click();
    const video = seeing.getByLabel("What the camera sees");
    await expect.poll(() => video.evaluate((element) => (element as HTMLVideoElement).videoWidth)).toBeGreaterThan(0);
    await seeing.getByRole("button", { name: "Take a picture" }).click();
    await seeing.getByRole("button", { name: "Take 10 in a row" }).click();
    await seeing.getByRole("button", { name: "Use 11 pictures" }).click();
    await expect(count(seeing)).toHaveText("11 samples to calibrate on");
    await expect(seeing.getByText("Pictures of the camera, drawn from")).toBeVisible();
    await seeing.getByRole("button", { name: "Stop the camera" }).click();
    await expect(video).toBeHidden();
    await quantize(seeing, "Full integer");
    expect((await downloaded(seeing)).bytes.subarray(4, 8).toString()).toBe("TFL3");
  } finally {
    await browser.close();
  }
});
