// The embedded example as the one-file page holds it: the same model, and fewer pictures in a smaller format.
import { decodeImage, tilesOf } from "litequant";
import labelText from "../../examples/characters/labels.txt?raw";
import samples from "../../examples/characters/samples.json";
import type { ExamplePictures } from "../example.js";

export const exampleName = "characters.tflite";
export const exampleClassNames: readonly string[] = labelText.trim().split(/\r?\n/);

export const fetchExampleModel = async (): Promise<Blob> =>
  new Blob([joined(await litequantPart("model")) as BlobPart]);

export async function fetchExamplePictures(): Promise<ExamplePictures> {
  const [calibration, labelled] = await Promise.all(["calibration", "samples"].map(pictures));
  return {
    calibration: calibration ?? [],
    labelled: labelled ?? [],
    labels: samples.labels.slice(0, labelled?.length),
  };
}

async function pictures(name: string) {
  const sheet = await decodeImage(await litequantPart(name));
  return tilesOf(sheet, sheet.width / samples.tile, sheet.height / samples.tile);
}

/** The file holds first bytes of all words, then second ones, …: floats pack better so. A rest of under four follows. */
function joined(planes: Uint8Array): Uint8Array {
  const words = planes.length >> 2;
  const bytes = planes.slice();
  for (let i = 0; i < words; ++i) for (let k = 0; k < 4; ++k) bytes[i * 4 + k] = planes[k * words + i]!;
  return bytes;
}
