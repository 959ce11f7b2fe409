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
  InputValue,
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
  /** Key of the signature it is for. */
  readonly signature: string;
  /** It is all that its file holds, so that the file's folder may tell its class. */
  readonly isWhole: boolean;
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
  const chosen = signatureOf(description.signatures, options.signature);
  const signatures = options.signature === undefined ? description.signatures : [chosen];
  const { limit } = options;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    refuse("BAD_ARGUMENT", `limit is ${limit}, not a number of samples`);
  }
  const single = typeof source === "string" ? source : source.length === 1 ? source[0] : undefined;
  const random = typeof single === "string" ? /^random:(.*)$/.exec(single) : null;
  if (random) return randomDataset(random[1] ?? "", signatures);

  const builder = new Builder(platform, engine, signatures, options);
  if (isPictures(source)) {
    source.forEach((pixels, index) => builder.addPicture(`picture[${index}]`, () => Promise.resolve(pixels)));
    return builder.finish([], undefined);
  }
  // Paths keep the order they are given in, each folder being sorted; files of a page come in no order of their own.
  const groups: readonly FileSource[] =
    typeof source === "string" ? [[source]] : isPaths(source) ? source.map((path) => [path]) : [source];
  const files = (await Promise.all(groups.map((group) => sortedFiles(platform, group)))).flat();
  for (const file of files) await builder.add(file);
  return builder.finish(files, options.classNames ?? chosen.outputs.find(({ labels }) => labels)?.labels);
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

const shapeOf = ({ height, width, channels = 3 }: ImageOptions): readonly number[] => [1, height, width, channels];

class Builder {
  readonly #platform: Platform;
  readonly #engine: Engine;
  readonly #signatures: readonly SignatureDescription[];
  readonly #options: DatasetOptions;
  readonly #items: Item[] = [];
  readonly #warnings = new Set<string>();
  #image: ImageOptions | undefined;

  constructor(
    platform: Platform,
    engine: Engine,
    signatures: readonly SignatureDescription[],
    options: DatasetOptions,
  ) {
    this.#platform = platform;
    this.#engine = engine;
    this.#signatures = signatures;
    this.#options = options;
  }

  async add(file: DataFile): Promise<void> {
    if (isImage(file.path)) this.addPicture(file.path, () => this.#decode(file));
    else if (isArrays(file.path)) await this.#addArrays(file);
    else if (isSound(file.path)) this.#addSound(file);
  }

  finish(files: readonly DataFile[], classNames: readonly string[] | undefined): Dataset {
    const items = this.#signatures.flatMap(({ key }) =>
      spread(
        this.#items.filter(({ signature }) => signature === key),
        this.#options.limit,
      ),
    );
    if (items.length === 0) {
      const found = files.length === 0 ? "nothing was found" : `none of ${files.length} files is of a known kind`;
      refuse(
        "EMPTY_DATASET",
        `there are no samples: ${found}`,
        "known are PNG, JPEG, WebP, .npy, .npz, .wav, .zip and random:N",
      );
    }
    const fromFolders = items.every(({ isWhole }) => isWhole)
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

  /** The signature that a picture or sound is for, which does not say: the one that was chosen, or the first. */
  #onlyInput(kind: string): { readonly signature: string; readonly port: PortDescription } {
    const { key, inputs } = this.#signatures[0] as SignatureDescription;
    const [port] = inputs;
    if (inputs.length === 1 && port) return { signature: key, port };
    return refuse(
      "SHAPE_MISMATCH",
      `${kind} is for models with one input; this one has ${inputs.length}`,
      `give .npz files with the arrays ${inputs.map(({ name }) => `'${name}'`).join(", ")}`,
    );
  }

  /** Inputs as a sample; it names its signature where there are several. */
  #sample(signature: SignatureDescription, values: readonly InputValue[]): Sample {
    return sampleOf(signature, values, this.#signatures.length > 1);
  }

  addPicture(name: string, decode: () => Promise<Pixels>): void {
    const { signature, port } = this.#onlyInput("a picture");
    if (!this.#image) {
      const { image, warnings } = imageOptionsFor(port, this.#options);
      this.#image = image;
      for (const warning of warnings) this.#warnings.add(warning);
    }
    const image = this.#image;
    const isOpen = port.shapeSignature?.includes(-1) ?? false;
    this.#items.push({
      name,
      signature,
      isWhole: true,
      read: async () => {
        const data = toArray(port.type, await valuesOf(this.#engine, await decode(), image));
        return [isOpen ? { data, shape: shapeOf(image) } : data];
      },
      preview: async () => await previewOf(this.#engine, await decode(), image),
    });
  }

  async #decode(file: DataFile): Promise<Pixels> {
    return await naming(file.path, this.#platform.decodeImage(await file.read()));
  }

  async #addArrays(file: DataFile): Promise<void> {
    const arrays = await readArrays(this.#engine, await file.read(), file.path);
    const matched = matchArrays(arrays, this.#signatures, file.path);
    for (const [signature, stored] of matched) this.#addSamples(signature, stored, file.path, matched.size > 1);
  }

  #addSamples(signature: SignatureDescription, stored: readonly StoredArray[], file: string, tells: boolean): void {
    const { key, inputs } = signature;
    const layouts = inputs.map((port, index) => layoutOf(stored[index] as StoredArray, port, file));
    const count = layouts[0]?.count ?? 0;
    const other = layouts.findIndex((layout) => layout.count !== count);
    if (other > 0) {
      refuse(
        "SHAPE_MISMATCH",
        `${file}: '${inputs[0]?.name}' has ${count} samples, '${inputs[other]?.name}' has ${layouts[other]?.count}`,
      );
    }
    if (count === 0) {
      refuse(
        "EMPTY_DATASET",
        `${file}: the array for input '${inputs[0]?.name}' of shape [${stored[0]?.shape.join(", ")}] holds no sample`,
        "give at least one; 100 are usual",
      );
    }
    for (let index = 0; index < count; index++) {
      const values = (): readonly InputValue[] =>
        inputs.map((port, input) => ({
          data: sliceOf(stored[input] as StoredArray, index, count, port.type),
          shape: layouts[input]?.shape ?? [],
        }));
      this.#items.push({
        name: `${file}[${tells ? `${key}/` : ""}${index}]`,
        signature: key,
        isWhole: false,
        read: () => Promise.resolve(this.#sample(signature, values())),
      });
    }
  }

  #addSound(file: DataFile): void {
    const { signature, port } = this.#onlyInput("a sound");
    const wanted = elementCount(port.shape);
    this.#items.push({
      name: file.path,
      signature,
      isWhole: true,
      read: async () => {
        const { channels, bytes } = await naming(file.path, this.#engine.call("wav", [await file.read()]));
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

/** What is wrong with a sample is told with its file. */
async function naming<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof LiteQuantError) || error.code !== "BAD_SAMPLE") throw error;
    throw new LiteQuantError({ code: "BAD_SAMPLE", message: `${path}: ${error.message}`, hint: error.hint });
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

const sampleOf = (
  { key, inputs }: SignatureDescription,
  values: readonly InputValue[],
  tellsSignature: boolean,
): Sample =>
  tellsSignature
    ? [key, Object.fromEntries(inputs.map(({ name }, index) => [name, values[index] as InputValue]))]
    : values;

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

/**
 * The arrays of each signature's inputs, in order: 'SIGNATURE/INPUT', or 'INPUT' where only one signature can mean it; the
 * only array for the only input. Signatures without any array are left out; other arrays are not looked at.
 */
export function matchArrays(
  arrays: ReadonlyMap<string, StoredArray>,
  signatures: readonly SignatureDescription[],
  file: string,
): ReadonlyMap<SignatureDescription, readonly StoredArray[]> {
  const isOne = signatures.length === 1;
  const fullName = ({ key }: SignatureDescription, input: string): string =>
    isOne || key === "" ? input : `${key}/${input}`;
  const [first] = signatures;
  const only = arrays.get("");
  if (only && arrays.size === 1 && first) {
    if (isOne && first.inputs.length === 1) return new Map([[first, [only]]]);
    return refuse(
      "SHAPE_MISMATCH",
      `${file} holds one array; the model has ${isOne ? `${first.inputs.length} inputs` : `${signatures.length} signatures`}`,
      `give an .npz with ${quoted(signatures.flatMap((one) => one.inputs.map(({ name }) => fullName(one, name))))}` +
        (isOne ? "" : ", or choose a signature"),
    );
  }
  const explicit = ({ key }: SignatureDescription, input: string): StoredArray | undefined =>
    key === "" ? undefined : arrays.get(`${key}/${input}`);
  const found = (signature: SignatureDescription, input: string): StoredArray | undefined => {
    const own = explicit(signature, input);
    const plain = arrays.get(input);
    if (own || !plain) return own;
    const takers = signatures.filter((one) => one.inputs.some(({ name }) => name === input) && !explicit(one, input));
    if (takers.length === 1) return plain;
    return refuse(
      "BAD_SAMPLE",
      `${file}: the array '${input}' could be for any of the signatures ${quoted(takers.map(({ key }) => key))}`,
      `name it '${fullName(signature, input)}', or choose a signature`,
    );
  };
  const matched = new Map<SignatureDescription, readonly StoredArray[]>();
  for (const signature of signatures) {
    const stored = signature.inputs.map(({ name }) => found(signature, name));
    if (!isOne && stored.every((array) => !array)) continue;
    const complete = signature.inputs.map(
      ({ name }, index) =>
        stored[index] ??
        refuse(
          "BAD_SAMPLE",
          `${file} has no array '${fullName(signature, name)}'`,
          `its arrays are ${quoted([...arrays.keys()])}`,
        ),
    );
    matched.set(signature, complete);
  }
  if (matched.size > 0) return matched;
  return refuse(
    "BAD_SAMPLE",
    `${file} has no array for any input: ${quoted(signatures.flatMap((one) => one.inputs.map(({ name }) => fullName(one, name))))}`,
    `its arrays are ${quoted([...arrays.keys()])}`,
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

/** So many samples of each signature. */
function randomDataset(count: string, signatures: readonly SignatureDescription[]): Dataset {
  if (!/^[1-9]\d{0,5}$/.test(count)) refuse("BAD_ARGUMENT", `random:${count} is not random:N with N from 1 to 999999`);
  const isOne = signatures.length === 1;
  const items = signatures.flatMap((signature) =>
    Array.from({ length: Number(count) }, (_, index): Item => ({
      name: `random[${isOne ? "" : `${signature.key}/`}${index}]`,
      signature: signature.key,
      isWhole: false,
      read: () =>
        Promise.resolve(
          sampleOf(
            signature,
            signature.inputs.map((port) => randomValue(port, index)),
            !isOne,
          ),
        ),
    })),
  );
  return makeDataset(items, { isRealData: false, warnings: ["the samples are random numbers, not real data"] });
}

/** At most `limit`, evenly over the list and in its order. */
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
