// How the values of a tensor lie in both models, and how the weights' ranges differ from channel to channel.
import {
  type Dataset,
  type GraphDescription,
  type Model,
  type QuantizationDescription,
  compareTensor,
} from "litequant";

const binCount = 64;
const samplesTaken = 4;

export interface Histogram {
  /** From the lower edge of the first bin to the upper edge of the last. */
  readonly low: number;
  readonly high: number;
  readonly float: readonly number[];
  readonly quantized: readonly number[];
  /** What the quantized tensor can hold; absent where it is float. */
  readonly range: readonly [low: number, high: number] | undefined;
  /** Share of the float model's values that lie outside of it. */
  readonly clipped: number;
  readonly count: number;
}

const integerRanges: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
};

function representable(type: string, quantization: QuantizationDescription | undefined) {
  const limits = integerRanges[type];
  const scale = quantization?.scale[0];
  if (!limits || scale === undefined) return undefined;
  const zeroPoint = quantization?.zeroPoint[0] ?? 0;
  return [scale * (limits[0] - zeroPoint), scale * (limits[1] - zeroPoint)] as const;
}

const namedIn = (model: Model, name: string) =>
  model.describe().graphs[0]?.tensors.find((tensor) => tensor.name === name && !tensor.isConstant);

/** Over the first samples of the data set. */
export async function histogramOf(float: Model, quantized: Model, dataset: Dataset, name: string): Promise<Histogram> {
  const first: Float32Array[] = [];
  const second: Float32Array[] = [];
  for await (const sample of dataset) {
    const [a, b] = await compareTensor(float, quantized, sample, name);
    first.push(a);
    second.push(b);
    if (first.length >= samplesTaken) break;
  }
  const tensor = namedIn(quantized, name);
  const range = tensor && representable(tensor.type, tensor.quantization);
  let low = range?.[0] ?? Infinity;
  let high = range?.[1] ?? -Infinity;
  for (const values of [...first, ...second]) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!(high > low)) high = low + 1;
  let outside = 0;
  let count = 0;
  for (const values of first) {
    count += values.length;
    if (range) for (const value of values) if (value < range[0] || value > range[1]) ++outside;
  }
  const bins = (parts: readonly Float32Array[]) => {
    const counts = new Array<number>(binCount).fill(0);
    for (const values of parts) {
      for (const value of values) {
        const bin = Math.min(binCount - 1, Math.floor(((value - low) / (high - low)) * binCount));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
    return counts;
  };
  const clipped = count > 0 ? outside / count : 0;
  return { low, high, float: bins(first), quantized: bins(second), range, clipped, count };
}

export interface ChannelRanges {
  readonly name: string;
  readonly axis: number;
  /** Least and largest weight of each channel. */
  readonly ranges: readonly (readonly [least: number, most: number])[];
}

/** Of the weights that the float model's node with this result uses; undefined where it has none. */
export async function weightRanges(float: Model, quantized: Model, name: string): Promise<ChannelRanges | undefined> {
  const [graph] = float.describe().graphs;
  const weights = graph && weightsOf(graph, name);
  if (!weights || weights.type !== "float32") return undefined;
  const twin = quantized.describe().graphs[0]?.tensors.find((tensor) => tensor.name === weights.name);
  const axis = twin?.quantization && twin.quantization.scale.length > 1 ? twin.quantization.axis : 0;
  const { data, shape } = await float.constant(weights.index);
  const channels = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const ranges = Array.from({ length: channels }, () => [Infinity, -Infinity] as [number, number]);
  data.forEach((value: number | bigint, index: number) => {
    const range = ranges[Math.floor(index / inner) % channels];
    if (!range) return;
    range[0] = Math.min(range[0], Number(value));
    range[1] = Math.max(range[1], Number(value));
  });
  return { name: weights.name, axis, ranges };
}

function weightsOf({ tensors, nodes }: GraphDescription, name: string) {
  const node = nodes.find(({ outputs }) => outputs.some((output) => tensors[output]?.name === name));
  return node?.inputs.map((input) => tensors[input]).find((tensor) => tensor?.isConstant && tensor.shape.length >= 2);
}
