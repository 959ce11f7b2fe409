// Pictures and other samples out of the very tensors the model gets, and how pictures become tensors.
import type { ImageOptions, InputValue, MeanStd, Normalization, Pixels, PortDescription, TypedArray } from "litequant";

/** How pictures become numbers, as the page offers it. "auto": what the model says, else the best guess. */
export const normalizations = {
  "-1…1": [-1, 1],
  "0…1": [0, 1],
  "0…255": [0, 255],
  ImageNet: { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] },
} satisfies Record<string, Normalization>;
export type NormalizationName = keyof typeof normalizations;
export const normalizationNames = Object.keys(normalizations) as NormalizationName[];

export interface Preprocessing {
  readonly normalization: "auto" | NormalizationName;
  readonly order: "rgb" | "bgr";
  readonly resize: "stretch" | "cover";
  readonly crop: number;
  /** Height and width for an input that takes any size. */
  readonly side: number;
}

export const usualPreprocessing: Preprocessing = {
  normalization: "auto",
  order: "rgb",
  resize: "stretch",
  crop: 1,
  side: 224,
};

/** The numbers of an input; strings have none. */
export const arrayOf = (value: InputValue): TypedArray =>
  "data" in value ? value.data : ArrayBuffer.isView(value) ? value : new Uint8Array();

export interface Spread {
  readonly least: number;
  readonly mean: number;
  readonly most: number;
}

export function spreadOf(values: TypedArray): Spread {
  let least = Infinity;
  let most = -Infinity;
  let sum = 0;
  for (const value of values) {
    const number = Number(value);
    if (number < least) least = number;
    if (number > most) most = number;
    sum += number;
  }
  return { least, mean: values.length > 0 ? sum / values.length : 0, most };
}

function meanStdOf(normalize: Normalization): MeanStd {
  if ("mean" in normalize) return normalize;
  const std = 255 / (normalize[1] - normalize[0]);
  return { mean: [-normalize[0] * std], std: [std] };
}

/** The picture that a tensor of [1, height, width, channels] shows when its normalisation is undone. */
export function pictureOfTensor(values: TypedArray, image: ImageOptions): Pixels {
  const { width, height, channels = 3, order = "rgb", quantization } = image;
  const { mean, std } = meanStdOf(image.normalize ?? [0, 255]);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; ++pixel) {
    for (let channel = 0; channel < 4; ++channel) {
      const source = channels === 1 && channel < 3 ? 0 : order === "bgr" && channel < 3 ? 2 - channel : channel;
      if (source >= channels) continue;
      const stored = Number(values[pixel * channels + source]);
      const real = quantization ? quantization.scale * (stored - quantization.zeroPoint) : stored;
      data[pixel * 4 + channel] = real * (std[source] ?? std[0] ?? 1) + (mean[source] ?? mean[0] ?? 0);
    }
  }
  return { data, width, height };
}

/** Seen on light and on dark ground. */
const curveLevel = 128;

/** Values as a grey picture, the least black and the most white: rows are the last axis, or a curve where there is one row. */
export function pictureOfValues(values: TypedArray, shape: readonly number[]): Pixels {
  const { least, most } = spreadOf(values);
  const range = most > least ? most - least : 1;
  const dims = shape.filter((dim) => dim > 1);
  const columns = dims.at(-1) ?? 1;
  const rows = Math.round(values.length / columns);
  const [width, height] = dims.length < 2 ? [96, 48] : [Math.min(columns, 96), Math.min(rows, 96)];
  const data = new Uint8ClampedArray(width * height * 4);
  const paint = (x: number, y: number, level: number) => data.set([level, level, level, 255], (y * width + x) * 4);
  if (dims.length < 2) {
    for (let x = 0; x < width; ++x) {
      const from = Math.floor((x / width) * values.length);
      const to = Math.max(from + 1, Math.floor(((x + 1) / width) * values.length));
      const part = spreadOf(values.slice(from, to));
      const yOf = (value: number) => Math.round((1 - (value - least) / range) * (height - 1));
      for (let y = yOf(part.most); y <= yOf(part.least); ++y) paint(x, y, curveLevel);
    }
  } else {
    for (let y = 0; y < height; ++y) {
      for (let x = 0; x < width; ++x) {
        const index = Math.floor((y / height) * rows) * columns + Math.floor((x / width) * columns);
        paint(x, y, ((Number(values[index]) - least) / range) * 255);
      }
    }
  }
  return { data, width, height };
}

/** Zeros for an input: what the time of an inference is measured on. */
export function zerosFor({ type, shape }: PortDescription): InputValue {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (type === "int8") return new Int8Array(count);
  if (type === "uint8" || type === "bool") return new Uint8Array(count);
  if (type === "int16") return new Int16Array(count);
  if (type === "int32") return new Int32Array(count);
  if (type === "int64") return new BigInt64Array(count);
  return new Float32Array(count);
}
