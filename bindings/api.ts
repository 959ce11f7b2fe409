// The functions of the package, made for a platform.
import { readArrays as readStoredArrays, readNpy, writeNpz } from "./data/arrays.js";
import { openDatasetOf } from "./data/dataset.js";
import { nativeImageOptions, previewOf, splitSheet, valuesOf } from "./data/image.js";
import { labelsOfArray, labelsOfJson, labelsOfText } from "./data/labels.js";
import { Engine } from "./engine.js";
import { messageOf, refuse } from "./errors.js";
import { dequantizeModel, describeModesOf, describeRecipeOf, handleOf, loadModel, quantizeModel } from "./model.js";
import type { Platform } from "./platform.js";
import { createSessionOf } from "./session.js";
import { parseStatisticsFile } from "./statistics.js";
import { toArray } from "./tensors.js";
import type { EngineOptions, LiteQuant, ModelSource, Pixels } from "./types.js";
import { calibrateModel, compareModels, compareTensorOf } from "./work.js";

/** The package's version; the build puts it in place. */
declare const LITEQUANT_VERSION: string;

export function makeApi(platform: Platform): LiteQuant {
  let settings: EngineOptions = {};
  const newEngine = () => new Engine(() => platform.openEngine(settings));
  const engine = newEngine();

  return {
    configure(options) {
      settings = { ...options };
    },

    async engine() {
      const { variant, memoryBytes } = await engine.call("info", []);
      return {
        variant,
        memoryBytes,
        version: typeof LITEQUANT_VERSION === "string" ? LITEQUANT_VERSION : "0.0.0",
        thread: engine.isWorker ? "worker" : "in-thread",
      };
    },

    shutdown() {
      engine.reset();
    },

    async load(source, options = {}) {
      options.signal?.throwIfAborted();
      const file = await bytesOfSource(platform, source);
      return await loadModel(engine, file, options.name ?? nameOf(source), options);
    },

    async calibrate(model, samples, options = {}) {
      return await calibrateModel(model, samples, options, newEngine);
    },

    parseStatistics(source) {
      return parseStatisticsFile(engine, source);
    },

    async quantize(model, recipe, statistics, options = {}) {
      return await quantizeModel(model, recipe, statistics, options);
    },

    async dequantize(model, options = {}) {
      return await dequantizeModel(model, options);
    },

    async describeModes(model) {
      return await describeModesOf(model);
    },

    async describeRecipe(model, recipe) {
      return await describeRecipeOf(model, recipe);
    },

    async createSession(model, options = {}) {
      return await createSessionOf(model, options);
    },

    async compare(first, second, samples, options = {}) {
      return await compareModels(first, second, samples, options);
    },

    async compareTensor(first, second, sample, name, options = {}) {
      return await compareTensorOf(first, second, sample, name, options);
    },

    async openDataset(source, model, options = {}) {
      return await openDatasetOf(platform, engine, source, handleOf(model).describe(), options);
    },

    async imageToTensor(pixels, options) {
      const bytes = await valuesOf(engine, checkedPixels(pixels), options);
      const { type, width, height, channels } = nativeImageOptions(options);
      const elementType = type as "float32" | "int8" | "uint8" | "int16" | "int32";
      return { type: elementType, shape: [1, height, width, channels], data: toArray(elementType, bytes) };
    },

    async previewImage(pixels, options) {
      return await previewOf(engine, checkedPixels(pixels), options);
    },

    async decodeImage(source) {
      return await platform.decodeImage(source instanceof Uint8Array ? source : await bytesOfBlob(source));
    },

    async readArrays(file, name) {
      const arrays = [...(await readStoredArrays(engine, file, name))];
      return Object.fromEntries(
        arrays.map(([key, { type, shape, bytes }]) => [key, { type, shape, data: toArray(type, bytes) }]),
      );
    },

    async writeArrays(arrays) {
      return await writeNpz(engine, arrays);
    },

    async parseLabels(file, name, classNames) {
      if (/\.npy$/i.test(name)) return labelsOfArray(await readNpy(engine, file, name), name);
      const text = new TextDecoder().decode(file);
      return /\.json$/i.test(name) ? labelsOfJson(text, classNames, name) : labelsOfText(text, classNames, name);
    },

    tilesOf(sheet, columns, rows, count = columns * rows) {
      return splitSheet(checkedPixels(sheet), columns, rows, count);
    },
  };
}

const bytesOfBlob = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

/** A copy: what the caller does with the original later does not matter. */
async function bytesOfSource(platform: Platform, source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return new Uint8Array(source);
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0));
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    try {
      return await bytesOfBlob(source);
    } catch (error) {
      return refuse("FILE_NOT_READ", `the file could not be read: ${messageOf(error)}`);
    }
  }
  if (typeof source === "string" || source instanceof URL) return await platform.readFile(source);
  return refuse("BAD_ARGUMENT", "a model is loaded from bytes, a Blob, a URL or a path");
}

function nameOf(source: ModelSource): string {
  const path =
    source instanceof URL ? source.pathname : typeof source === "string" ? source : (source as { name?: unknown }).name;
  return typeof path === "string" ? (path.split(/[\\/]/).at(-1) ?? "model") : "model";
}

function checkedPixels(pixels: Pixels): Pixels {
  const isArray = pixels?.data instanceof Uint8Array || pixels?.data instanceof Uint8ClampedArray;
  if (isArray && Number.isInteger(pixels.width) && Number.isInteger(pixels.height)) return pixels;
  return refuse("BAD_ARGUMENT", "a picture is {data, width, height} with 4 bytes of RGBA per pixel");
}
