// Which normalisation a float image model was trained with, where its metadata does not say: the usual ones are tried on
// some samples, and ranked by how sure the model is of what it sees.
import { type InputValue, type Model, type Sample, createSession, openDataset } from "litequant";
import type { DataSource } from "litequant";
import { type NormalizationName, arrayOf, normalizationNames, normalizations } from "./pictures.js";

export interface GuessRow {
  readonly name: NormalizationName;
  /** Mean of the largest probability over the samples. */
  readonly confidence: number;
}

export interface Guess {
  /** The surest first; empty when the model gives no scores that can be ranked. */
  readonly rows: readonly GuessRow[];
  /** The first is not clearly ahead of the second. */
  readonly isInDoubt: boolean;
}

const triedOn = 8;
const clearlyAhead = 0.1;

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
    for (const name of normalizationNames) {
      const dataset = await openDataset(source, model, { normalize: normalizations[name], limit: triedOn });
      let sum = 0;
      let count = 0;
      for await (const sample of dataset) {
        const outputs = await session.run(inputsOf(sample), { signal });
        sum += largestProbability(outputs[output.name]?.data as Float32Array);
        ++count;
      }
      rows.push({ name, confidence: count > 0 ? sum / count : 0 });
    }
    rows.sort((a, b) => b.confidence - a.confidence);
    const [first, second] = rows;
    return { rows, isInDoubt: !first || !second || first.confidence - second.confidence < clearlyAhead };
  } finally {
    session.dispose();
  }
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
