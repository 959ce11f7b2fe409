// What both models give for one sample, as real numbers, and how it is best shown.
import {
  type Dataset,
  type InputValue,
  type Model,
  type ModelDescription,
  type PortDescription,
  type Tensor,
  createSession,
} from "litequant";
import { inputsOf } from "./guess.js";
import { arrayOf } from "./pictures.js";

/** Real numbers of one output. */
export interface OutputValues {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Outputs {
  readonly float: readonly OutputValues[];
  readonly quantized: readonly OutputValues[];
}

/** "picture": 1 or 3 channels; "mask": a class for each pixel; "scores": one row of few classes; "number": a single one; else a curve. */
export type OutputKind = "picture" | "mask" | "scores" | "number" | "curve";

const leastSide = 8;
const mostBars = 64;

export function kindOf(shape: readonly number[]): OutputKind {
  const [batch, height = 0, width = 0, channels = 0] = shape;
  if (shape.length === 4 && batch === 1 && height >= leastSide && width >= leastSide) {
    if (channels === 1 || channels === 3) return "picture";
    if (channels > 1 && channels <= 256) return "mask";
  }
  if (shape.every((dim) => dim === 1)) return "number";
  const last = shape.at(-1) ?? 0;
  return last >= 2 && shape.slice(0, -1).every((dim) => dim === 1) && last <= mostBars ? "scores" : "curve";
}

/** What agreement counts of this model's outputs: samples, or pixels of masks. Of pictures and boxes it means nothing. */
export function agreementUnit({ signatures }: ModelDescription): "sample" | "pixel" | undefined {
  const outputs = signatures[0]?.outputs ?? [];
  if (detectionParts(outputs)) return undefined;
  const kinds = outputs.map(({ shape }) => kindOf(shape));
  return kinds.includes("mask") ? "pixel" : kinds.includes("picture") ? undefined : "sample";
}

/** One of what a detection model found; places in 0…1 of the picture. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly score: number;
  readonly classIndex: number;
}

const leastScore = 0.3;

/** Of a detection model's usual outputs, told by their shapes: boxes [1, n, 4], and rows [1, n] of classes and scores. */
function detectionParts<Output extends { readonly shape: readonly number[] }>(outputs: readonly Output[]) {
  const boxes = outputs.find(({ shape }) => shape.length === 3 && shape[0] === 1 && shape[2] === 4);
  const count = boxes?.shape[1] ?? 0;
  const rows = outputs.filter(({ shape }) => shape.length === 2 && shape[0] === 1 && shape[1] === count);
  return boxes && rows.length >= 2 && count >= 1 && count <= 1000 ? { boxes, rows, count } : undefined;
}

/** What was found and is likely; a further output of one number tells how many boxes there are. */
export function boxesOf(outputs: readonly OutputValues[]): readonly Box[] | undefined {
  const parts = detectionParts(outputs);
  if (!parts) return undefined;
  const { boxes, rows, count } = parts;
  // Scores lie in 0…1 and classes are whole numbers.
  const isWhole = ({ values }: OutputValues) => values.every((value) => Number.isInteger(value));
  const classes = rows.find(isWhole);
  const scores = rows.find((row) => row !== classes);
  if (!scores) return undefined;
  const found = outputs.find(({ shape }) => shape.reduce((product, dim) => product * dim, 1) === 1 && count > 1);
  const valid = found ? Math.min(count, Math.max(0, Math.round(found.values[0] ?? count))) : count;
  return Array.from({ length: valid }, (_, index) => {
    const [top = 0, left = 0, bottom = 0, right = 0] = boxes.values.subarray(index * 4, index * 4 + 4);
    return { top, left, bottom, right, score: scores.values[index] ?? 0, classIndex: classes?.values[index] ?? 0 };
  }).filter(({ score }) => score >= leastScore);
}

/** Class of the largest score at each pixel of a mask. */
export function classesOfMask({ shape, values }: OutputValues): Uint8Array {
  const channels = shape[3] ?? 1;
  const classes = new Uint8Array(values.length / channels);
  for (let pixel = 0; pixel < classes.length; ++pixel) {
    let best = 0;
    for (let channel = 1; channel < channels; ++channel) {
      if ((values[pixel * channels + channel] ?? 0) > (values[pixel * channels + best] ?? 0)) best = channel;
    }
    classes[pixel] = best;
  }
  return classes;
}

export async function outputsFor(float: Model, quantized: Model, dataset: Dataset, index: number): Promise<Outputs> {
  const sample = await sampleAt(dataset, index);
  return { float: await run(float, sample), quantized: await run(quantized, sample) };
}

async function sampleAt(dataset: Dataset, index: number): Promise<readonly InputValue[]> {
  let at = 0;
  for await (const sample of dataset) if (at++ === index) return inputsOf(sample);
  return [];
}

async function run(model: Model, sample: readonly InputValue[]): Promise<readonly OutputValues[]> {
  const session = await createSession(model, { inputShapes: shapesOf(model, sample) });
  try {
    // The sample is in the float model's types: another type is made of its real numbers.
    const inputs = session.inputs.map((port, index) => stored(sample[index] ?? new Float32Array(), port));
    const outputs = await session.run(inputs);
    return session.outputs.map((port) => realOf(port, outputs[port.name] as Tensor));
  } finally {
    session.dispose();
  }
}

/** Those that the sample's values bring along, by input name. */
export function shapesOf(model: Model, sample: readonly InputValue[]): Record<string, readonly number[]> {
  const inputs = model.describe().signatures[0]?.inputs ?? [];
  return Object.fromEntries(
    inputs.flatMap(({ name }, index) => {
      const value = sample[index];
      return value && "data" in value && value.shape ? [[name, value.shape]] : [];
    }),
  );
}

function stored(value: InputValue, { type, quantization }: PortDescription): InputValue {
  const values = arrayOf(value);
  const scale = quantization?.scale[0];
  if (!(values instanceof Float32Array) || type === "float32" || scale === undefined) return value;
  const zeroPoint = quantization?.zeroPoint[0] ?? 0;
  const [least, most] = type === "uint8" ? [0, 255] : type === "int16" ? [-32768, 32767] : [-128, 127];
  const integers = values.map((real) => Math.min(most, Math.max(least, Math.round(real / scale) + zeroPoint)));
  return type === "uint8"
    ? Uint8Array.from(integers)
    : type === "int16"
      ? Int16Array.from(integers)
      : Int8Array.from(integers);
}

function realOf({ name, quantization }: PortDescription, { data, shape }: Tensor): OutputValues {
  const scale = quantization?.scale[0];
  const zeroPoint = quantization?.zeroPoint[0] ?? 0;
  const values = Float32Array.from(data as ArrayLike<number | bigint>, (value) =>
    scale === undefined ? Number(value) : scale * (Number(value) - zeroPoint),
  );
  return { name, shape, values };
}
