// The embedded example: a classifier of characters with its own pictures, trained by us (examples/characters).
import { type Pixels, decodeImage, tilesOf } from "litequant";
import calibrationSheet from "../examples/characters/calibration.png?url";
import modelFile from "../examples/characters/characters.tflite?url";
import labelText from "../examples/characters/labels.txt?raw";
import samples from "../examples/characters/samples.json";
import sampleSheet from "../examples/characters/samples.png?url";

export const exampleName = "characters.tflite";
export const exampleClassNames: readonly string[] = labelText.trim().split(/\r?\n/);

/** Pictures to calibrate on, and labelled ones to compare on; none is in both. */
export interface ExamplePictures {
  readonly calibration: readonly Pixels[];
  readonly labelled: readonly Pixels[];
  readonly labels: readonly number[];
}

const fetched = async (address: string) => (await fetch(address)).blob();

export const fetchExampleModel = () => fetched(modelFile);

export async function fetchExamplePictures(): Promise<ExamplePictures> {
  const [calibration, labelled] = await Promise.all([
    fetched(calibrationSheet).then(decodeImage),
    fetched(sampleSheet).then(decodeImage),
  ]);
  const grid = (sheet: Pixels) => tilesOf(sheet, sheet.width / samples.tile, sheet.height / samples.tile);
  return {
    calibration: grid(calibration),
    labelled: grid(labelled).slice(0, samples.labels.length),
    labels: samples.labels,
  };
}
