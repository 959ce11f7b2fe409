// Which normalisation a float image model was trained with, where its metadata does not say: the usual ones are tried on
// some samples, and ranked by how sure the model is of what it sees and by what its first layer makes of it: pixels of the
// wrong scale make a model very sure of nonsense, but their first layer's values are clipped, dead or huge.
import { type InputValue, type Model, type Sample, compareTensor, createSession, openDataset } from "litequant";
import type { DataSource } from "litequant";
import { type NormalizationName, arrayOf, normalizationNames, normalizations } from "./pictures.js";

export interface GuessRow {
  readonly name: NormalizationName;
  /** Mean of the largest probability over the samples. */
  readonly confidence: number;
  /** In 0…1: how usable the first layer's values are; 1 where it cannot be told. */
  readonly firstLayer: number;
}

export const scoreOf = ({ confidence, firstLayer }: GuessRow): number => confidence * firstLayer;

export interface Guess {
  /** The likeliest first; empty when the model gives no scores that can be ranked. */
  readonly rows: readonly GuessRow[];
  /** The first is not clearly ahead of the others. */
  readonly isInDoubt: boolean;
}

const triedOn = 8;
const clearlyAhead = 0.1;
/** Below that two are as good as one another, and the more usual one is taken. */
const equallyGood = 0.05;
/** Standard deviation that values behind a trained layer hardly exceed: normalised, they were about 1. */
const usualDeviation = 4;

export async function guessNormalization(source: DataSource, model: Model, signal: AbortSignal): Promise<Guess> {
  const [input] = model.describe().signatures[0]?.inputs ?? [];
  // An input that takes any size is no classifier's.
  if (input?.shapeSignature?.includes(-1, 1)) return { rows: [], isInDoubt: true };
  const session = await createSession(model);
  try {
    const [output] = session.outputs;
    const classCount = output?.shape.at(-1) ?? 0;
    const isScores = session.outputs.length === 1 && output?.type === "float32" && classCount > 1;
    if (!isScores || output.shape.slice(0, -1).some((dim) => dim !== 1)) return { rows: [], isInDoubt: true };
    const rows: GuessRow[] = [];
    const layer = firstLayerOf(model);
    for (const name of normalizationNames) {
      const dataset = await openDataset(source, model, { normalize: normalizations[name], limit: triedOn });
      let sum = 0;
      let count = 0;
      const values: Float32Array[] = [];
      for await (const sample of dataset) {
        const outputs = await session.run(inputsOf(sample), { signal });
        sum += largestProbability(outputs[output.name]?.data as Float32Array);
        if (layer) values.push((await compareTensor(model, model, sample, layer.name, { signal }))[0]);
        ++count;
      }
      const confidence = count > 0 ? sum / count : 0;
      rows.push({ name, confidence, firstLayer: layer ? usable(values, layer.channels) : 1 });
    }
    const best = Math.max(...rows.map(scoreOf));
    const taken = rows.find((row) => scoreOf(row) > best - equallyGood);
    rows.sort((a, b) => Number(b === taken) - Number(a === taken) || scoreOf(b) - scoreOf(a));
    const [first, second] = rows;
    return { rows, isInDoubt: !first || !second || scoreOf(first) - scoreOf(second) < clearlyAhead };
  } finally {
    session.dispose();
  }
}

/** Result of the first layer with weights. */
function firstLayerOf(model: Model): { readonly name: string; readonly channels: number } | undefined {
  const [graph] = model.describe().graphs;
  const node = graph?.nodes.find(({ operator }) => /^(CONV_2D|DEPTHWISE_CONV_2D|FULLY_CONNECTED)$/.test(operator));
  const tensor = graph?.tensors[node?.outputs[0] ?? -1];
  return tensor && { name: tensor.name, channels: tensor.shape.at(-1) ?? 1 };
}

/** Less for each value that is clipped at the top, each channel that is 0 for all samples, and for values far too large. */
function usable(samples: readonly Float32Array[], channels: number): number {
  let most = -Infinity;
  for (const values of samples) for (const value of values) if (value > most) most = value;
  const alive = new Uint8Array(channels);
  let [clipped, count, sum, squares] = [0, 0, 0, 0];
  for (const values of samples) {
    values.forEach((value, index) => {
      if (value >= most) ++clipped;
      if (value !== 0) alive[index % channels] = 1;
      sum += value;
      squares += value * value;
    });
    count += values.length;
  }
  if (count === 0) return 1;
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const living = alive.reduce((total, one) => total + one, 0) / channels;
  return (1 - clipped / count) * living * Math.min(1, usualDeviation / deviation);
}

/** In order; of a [signature, inputs] pair, those inputs. */
export function inputsOf(sample: Sample): readonly InputValue[] {
  if (!Array.isArray(sample)) return Object.values(sample as Readonly<Record<string, InputValue>>);
  const [first, second] = sample as readonly unknown[];
  return (typeof first === "string" ? Object.values(second as object) : sample) as readonly InputValue[];
}

/** Of probabilities, or of logits after softmax. */
function largestProbability(scores: Float32Array): number {
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = scores.reduce((a, b) => a + b, 0);
  const isProbabilities = Math.abs(sum - 1) < 0.02 && scores.every((score) => score >= -1e-3);
  if (isProbabilities) return most;
  return 1 / scores.reduce((total, score) => total + Math.exp(score - most), 0);
}

/** The first input's values of a sample. */
export const firstInput = (sample: Sample) => {
  const [first] = inputsOf(sample);
  return first === undefined ? new Float32Array() : arrayOf(first);
};
