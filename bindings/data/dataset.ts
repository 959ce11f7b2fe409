// Data sets: files of any known kind to samples, in a fixed order, read as they are needed.
import type { Engine } from "../engine.js";
import { LiteQuantError, refuse } from "../errors.js";
import type { FileSource, Platform } from "../platform.js";
import { elementCount, signatureOf, toArray } from "../tensors.js";
import type {
  DataFile,
  DataSource,
  Dataset,
  DatasetOptions,
  ImageOptions,
  ModelDescription,
  Pixels,
  PortDescription,
  Sample,
  SignatureDescription,
} from "../types.js";
import { readArrays, sliceOf, suits, unzip } from "./arrays.js";
import type { StoredArray } from "./arrays.js";
import { imageOptionsFor, previewOf, valuesOf } from "./image.js";
import { byCodePoint, labelsOfFolders } from "./labels.js";
import { randomValue } from "./random.js";

const isImage = (path: string): boolean => /\.(png|jpe?g|webp|bmp|gif|avif|tiff?)$/i.test(path);
const isArrays = (path: string): boolean => /\.np[yz]$/i.test(path);
const isSound = (path: string): boolean => /\.wav$/i.test(path);

/** One sample: where it comes from, and how to get it. */
interface Item {
  readonly name: string;
  read(): Promise<Sample>;
  preview?(): Promise<Pixels>;
}

export async function openDatasetOf(
  platform: Platform,
  engine: Engine,
  source: DataSource,
  description: ModelDescription,
  options: DatasetOptions,
): Promise<Dataset> {
  const signature = signatureOf(description.signatures, options.signature);
  const { limit } = options;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    refuse("BAD_ARGUMENT", `limit is ${limit}, not a number of samples`);
  }
  const single = typeof source === "string" ? source : source.length === 1 ? source[0] : undefined;
  const random = typeof single === "string" ? /^random:(.*)$/.exec(single) : null;
  if (random) return randomDataset(random[1] ?? "", signature);

  const builder = new Builder(platform, engine, signature, options);
  if (isPictures(source)) {
    source.forEach((pixels, index) => builder.addPicture(`picture[${index}]`, () => Promise.resolve(pixels)));
    return builder.finish([], undefined);
  }
  // Paths keep the order they are given in, each folder being sorted; files of a page come in no order of their own.
  const groups: readonly FileSource[] =
    typeof source === "string" ? [[source]] : isPaths(source) ? source.map((path) => [path]) : [source];
  const files = (await Promise.all(groups.map((group) => sortedFiles(platform, group)))).flat();
  for (const file of files) await builder.add(file);
  return builder.finish(files, options.classNames ?? signature.outputs.find(({ labels }) => labels)?.labels);
}

const isPictures = (source: DataSource): source is readonly Pixels[] =>
  typeof source !== "string" && source.length > 0 && source.every((one) => typeof one === "object" && "width" in one);

const isPaths = (source: FileSource): source is readonly string[] => source.every((one) => typeof one === "string");

async function sortedFiles(platform: Platform, group: FileSource): Promise<readonly DataFile[]> {
  const listed = await platform.listFiles(group);
  const files = (await Promise.all(listed.map(openZip))).flat();
  return files.sort((a, b) => byCodePoint(a.path, b.path));
}

/** A zip counts as the folder it holds. */
async function openZip(file: DataFile): Promise<readonly DataFile[]> {
  if (!/\.zip$/i.test(file.path)) return [file];
  const entries = unzip(await file.read(), file.path);
  return [...entries].map(([path, bytes]): DataFile => ({ path, read: () => Promise.resolve(bytes) }));
}

class Builder {
  readonly #platform: Platform;
  readonly #engine: Engine;
  readonly #signature: SignatureDescription;
  readonly #options: DatasetOptions;
  readonly #items: Item[] = [];
  readonly #warnings = new Set<string>();
  #image: ImageOptions | undefined;

  constructor(platform: Platform, engine: Engine, signature: SignatureDescription, options: DatasetOptions) {
    this.#platform = platform;
    this.#engine = engine;
    this.#signature = signature;
    this.#options = options;
  }

  async add(file: DataFile): Promise<void> {
    if (isImage(file.path)) this.addPicture(file.path, () => this.#decode(file));
    else if (isArrays(file.path)) await this.#addArrays(file);
    else if (isSound(file.path)) this.#addSound(file);
  }

  finish(files: readonly DataFile[], classNames: readonly string[] | undefined): Dataset {
    const items = spread(this.#items, this.#options.limit);
    if (items.length === 0) {
      const found = files.length === 0 ? "nothing was found" : `none of ${files.length} files is of a known kind`;
      refuse(
        "EMPTY_DATASET",
        `there are no samples: ${found}`,
        "known are PNG, JPEG, WebP, .npy, .npz, .wav, .zip and random:N",
      );
    }
    const fromFolders = items.every(({ preview }) => preview)
      ? labelsOfFolders(
          items.map(({ name }) => name),
          classNames,
        )
      : {};
    if (fromFolders.warning) this.#warnings.add(fromFolders.warning);
    return makeDataset(items, {
      isRealData: true,
      warnings: [...this.#warnings],
      labels: fromFolders.labels,
      image: this.#image,
    });
  }

  #onlyInput(kind: string): PortDescription {
    const { inputs } = this.#signature;
    const [port] = inputs;
    if (inputs.length === 1 && port) return port;
    return refuse(
      "SHAPE_MISMATCH",
      `${kind} is for models with one input; this one has ${inputs.length}`,
      `give .npz files with the arrays ${inputs.map(({ name }) => `'${name}'`).join(", ")}`,
    );
  }

  addPicture(name: string, decode: () => Promise<Pixels>): void {
    const port = this.#onlyInput("a picture");
    if (!this.#image) {
      const { image, warning } = imageOptionsFor(port, this.#options);
      this.#image = image;
      if (warning) this.#warnings.add(warning);
    }
    const image = this.#image;
    this.#items.push({
      name,
      read: async () => [toArray(port.type, await valuesOf(this.#engine, await decode(), image))],
      preview: async () => await previewOf(this.#engine, await decode(), image),
    });
  }

  async #decode(file: DataFile): Promise<Pixels> {
    const bytes = await file.read();
    try {
      return await this.#platform.decodeImage(bytes);
    } catch (error) {
      if (!(error instanceof LiteQuantError) || error.code !== "BAD_SAMPLE") throw error;
      throw new LiteQuantError({ code: "BAD_SAMPLE", message: `${file.path}: ${error.message}`, hint: error.hint });
    }
  }

  async #addArrays(file: DataFile): Promise<void> {
    const stored = matchArrays(
      await readArrays(this.#engine, await file.read(), file.path),
      this.#signature,
      file.path,
    );
    const { inputs } = this.#signature;
    const layouts = inputs.map((port, index) => layoutOf(stored[index] as StoredArray, port, file.path));
    const count = layouts[0]?.count ?? 0;
    const other = layouts.findIndex((layout) => layout.count !== count);
    if (other > 0) {
      refuse(
        "SHAPE_MISMATCH",
        `${file.path}: '${inputs[0]?.name}' has ${count} samples, '${inputs[other]?.name}' has ${layouts[other]?.count}`,
      );
    }
    for (let index = 0; index < count; index++) {
      this.#items.push({
        name: `${file.path}[${index}]`,
        read: () =>
          Promise.resolve(
            inputs.map((port, input) => ({
              data: sliceOf(stored[input] as StoredArray, index, count, port.type),
              shape: layouts[input]?.shape ?? [],
            })),
          ),
      });
    }
  }

  #addSound(file: DataFile): void {
    const port = this.#onlyInput("a sound");
    const wanted = elementCount(port.shape);
    this.#items.push({
      name: file.path,
      read: async () => {
        const { channels, bytes } = await this.#engine.call("wav", [await file.read()]);
        if (port.type !== "float32") {
          refuse("UNSUPPORTED_TYPE", `${file.path}: input '${port.name}' is ${port.type}; sounds are float32`);
        }
        const samples = mixed(toArray("float32", bytes) as Float32Array, channels);
        const isOpen = port.shapeSignature?.includes(-1) ?? false;
        if (!isOpen && samples.length !== wanted) {
          refuse(
            "SHAPE_MISMATCH",
            `${file.path} has ${samples.length} samples, input '${port.name}' of shape [${port.shape.join(", ")}] takes ${wanted}`,
            "cut or pad the sounds to that length; a model that takes features of sounds needs them as .npy or .npz",
          );
        }
        return [samples];
      },
    });
  }
}

/** Channels to their mean. */
function mixed(samples: Float32Array, channels: number): Float32Array {
  if (channels === 1) return samples;
  return Float32Array.from({ length: samples.length / channels }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0;
    return sum / channels;
  });
}

/** The array of each input: by name, by tensor's name, or the only one for the only input. */
export function matchArrays(
  arrays: ReadonlyMap<string, StoredArray>,
  { inputs }: SignatureDescription,
  file: string,
): readonly StoredArray[] {
  const only = arrays.get("");
  if (only && arrays.size === 1) {
    if (inputs.length === 1) return [only];
    return refuse(
      "SHAPE_MISMATCH",
      `${file} holds one array; the model has ${inputs.length} inputs`,
      `give an .npz with ${inputs.map(({ name }) => `'${name}'`).join(", ")}`,
    );
  }
  return inputs.map(
    ({ name }) =>
      arrays.get(name) ??
      refuse(
        "BAD_SAMPLE",
        `${file} has no array '${name}'`,
        `its arrays are ${[...arrays.keys()].map((key) => `'${key}'`).join(", ")}`,
      ),
  );
}

/** How an array holds samples: [samples, ...input shape], where an input's first dimension of 1 may be left out. */
function layoutOf(
  { type, shape }: StoredArray,
  port: PortDescription,
  file: string,
): { readonly count: number; readonly shape: readonly number[] } {
  if (!suits(type, port.type)) {
    refuse(
      "SHAPE_MISMATCH",
      `${file}: input '${port.name}' is ${port.type}, the array is ${type}`,
      "save it as that type",
    );
  }
  const known = port.shapeSignature ?? port.shape;
  const fits = (dims: readonly number[], pattern: readonly number[]): boolean =>
    dims.length === pattern.length && dims.every((dim, axis) => pattern[axis] === -1 || pattern[axis] === dim);
  const [count = 0, ...rest] = shape;
  if (shape.length > 0 && fits(rest, known)) return { count, shape: rest };
  const isBatchOfOne = known[0] === -1 || known[0] === 1;
  if (isBatchOfOne && shape.length > 0 && fits(rest, known.slice(1))) return { count, shape: [1, ...rest] };
  if (fits(shape, known)) return { count: 1, shape };
  return refuse(
    "SHAPE_MISMATCH",
    `${file}: an array of shape [${shape.join(", ")}] does not fit input '${port.name}' of shape [${known.join(", ")}]`,
    `samples are stored as [samples, ${known.join(", ")}]`,
  );
}

function randomDataset(count: string, signature: SignatureDescription): Dataset {
  if (!/^[1-9]\d{0,5}$/.test(count)) refuse("BAD_ARGUMENT", `random:${count} is not random:N with N from 1 to 999999`);
  const items = Array.from({ length: Number(count) }, (_, index): Item => ({
    name: `random[${index}]`,
    read: () => Promise.resolve(signature.inputs.map((port) => randomValue(port, index))),
  }));
  return makeDataset(items, { isRealData: false, warnings: ["the samples are random numbers, not real data"] });
}

/** At most `limit`, evenly over the list. */
function spread<T>(items: readonly T[], limit: number | undefined): readonly T[] {
  if (limit === undefined || limit >= items.length) return items;
  return Array.from({ length: limit }, (_, index) => items[Math.floor((index * items.length) / limit)] as T);
}

function makeDataset(
  items: readonly Item[],
  facts: {
    readonly isRealData: boolean;
    readonly warnings: readonly string[];
    readonly labels?: readonly number[] | undefined;
    readonly image?: ImageOptions | undefined;
  },
): Dataset {
  const { isRealData, warnings, labels, image } = facts;
  return {
    length: items.length,
    isRealData,
    warnings,
    names: items.map(({ name }) => name),
    ...(labels && { labels }),
    ...(image && { image }),
    async preview(index) {
      return await items[index]?.preview?.();
    },
    async *[Symbol.asyncIterator]() {
      for (const item of items) yield await item.read();
    },
  };
}
