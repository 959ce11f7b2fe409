// The embedded examples: small models of our own with their samples (web/examples), fetched when they are asked for.
import { type DataFile, type Pixels, decodeImage, tilesOf } from "litequant";
import charactersCalibration from "../examples/characters/calibration.png?url";
import charactersModel from "../examples/characters/characters.tflite?url";
import charactersSamples from "../examples/characters/samples.png?url";
import denoiseCalibration from "../examples/denoise/calibration.webp?url";
import denoiseModel from "../examples/denoise/denoise.tflite?url";
import denoiseSamples from "../examples/denoise/samples.webp?url";
import keywordsCalibration from "../examples/keywords/calibration.wav?url";
import keywordsModel from "../examples/keywords/keywords.tflite?url";
import keywordsSamples from "../examples/keywords/samples.wav?url";
import shapesCalibration from "../examples/shapes/calibration.webp?url";
import shapesModel from "../examples/shapes/shapes.tflite?url";
import shapesSamples from "../examples/shapes/samples.webp?url";
import { secondsOf } from "./sounds.js";

/** Samples to calibrate on, and others to compare on; none is in both. */
export interface ExampleSamples {
  readonly calibration: readonly Pixels[] | readonly DataFile[];
  readonly evaluation: readonly Pixels[] | readonly DataFile[];
  readonly labels: readonly number[] | undefined;
}

export interface Example {
  readonly name: "characters" | "shapes" | "keywords" | "denoise";
  readonly fetchModel: () => Promise<Blob>;
  readonly fetchSamples: () => Promise<ExampleSamples>;
}

const fetched = async (address: string) => (await fetch(address)).blob();

/** The tiles of a sheet, row by row. */
const tiles = async (address: string, side: number) => {
  const sheet = await decodeImage(await fetched(address));
  return tilesOf(sheet, sheet.width / side, sheet.height / side);
};

const seconds = async (address: string, rate: number) =>
  secondsOf(new Uint8Array(await (await fetched(address)).arrayBuffer()), rate);

export const examples: readonly Example[] = [
  {
    name: "characters",
    fetchModel: () => fetched(charactersModel),
    async fetchSamples() {
      const { tile, labels } = await import("../examples/characters/samples.json");
      const evaluation = (await tiles(charactersSamples, tile)).slice(0, labels.length);
      return { calibration: await tiles(charactersCalibration, tile), evaluation, labels };
    },
  },
  {
    name: "shapes",
    fetchModel: () => fetched(shapesModel),
    fetchSamples: async () => ({
      calibration: await tiles(shapesCalibration, 64),
      evaluation: await tiles(shapesSamples, 64),
      labels: undefined,
    }),
  },
  {
    name: "keywords",
    fetchModel: () => fetched(keywordsModel),
    async fetchSamples() {
      const { rate, labels } = await import("../examples/keywords/samples.json");
      const evaluation = await seconds(keywordsSamples, rate);
      return { calibration: await seconds(keywordsCalibration, rate), evaluation, labels };
    },
  },
  {
    name: "denoise",
    fetchModel: () => fetched(denoiseModel),
    fetchSamples: async () => ({
      calibration: await tiles(denoiseCalibration, 96),
      evaluation: await tiles(denoiseSamples, 96),
      labels: undefined,
    }),
  },
];
