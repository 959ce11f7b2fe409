// Long work over samples: calibrate and compare. The loops are here, so that progress, abort and `await` are natural.
import { callWith, rejectOnAbort, release, StaleHandle } from "./engine.js";
import type { Engine, Remote } from "./engine.js";
import { LiteQuantError, refuse } from "./errors.js";
import { handleOf } from "./model.js";
import type { ModelHandle } from "./model.js";
import type { ProgressReporter } from "./progress.js";
import { reporting } from "./progress.js";
import type { Arguments } from "./protocol.js";
import { statisticsOf } from "./statistics.js";
import { bindSample, signatureOf, toArray } from "./tensors.js";
import type { BoundInputs } from "./tensors.js";
import type {
  CalibrateOptions,
  CompareOptions,
  Dataset,
  ElementType,
  Model,
  Prediction,
  Report,
  Sample,
  Samples,
  Statistics,
  TensorReport,
  WorkOptions,
} from "./types.js";

const mostWorkers = 32;

export async function calibrateModel(
  model: Model,
  samples: Samples,
  options: CalibrateOptions,
  newEngine: () => Engine,
): Promise<Statistics> {
  const handle = handleOf(model);
  const { engine } = handle.remote;
  const { sequence = 1, workers = 1 } = options;
  if (!(sequence >= 1) || (sequence !== Infinity && !Number.isInteger(sequence))) {
    refuse("BAD_ARGUMENT", `sequence is ${String(sequence)}`, "a whole number of samples, or Infinity");
  }
  if (!Number.isInteger(workers) || workers < 1 || workers > mostWorkers) {
    refuse("BAD_ARGUMENT", `workers is ${String(workers)}`, `a whole number from 1 to ${mostWorkers}`);
  }
  const total = totalOf(samples, options.total);
  return await reporting("calibrate", total, options, async (reporter) => {
    const count = sequence === 1 ? Math.min(workers, total ?? workers) : 1;
    const helpers = Array.from({ length: Math.max(0, count - 1) }, newEngine);
    const runs = [handle.remote, ...helpers.map((helper) => handle.remoteIn(helper))].map(
      (remote) => new CalibrationRun(handle, remote, options),
    );
    try {
      const taken = await forEachSample(
        samples,
        options,
        reporter,
        runs.map((run) => (sample, index) => run.add(sample, index)),
      );
      if (taken === 0)
        refuse("EMPTY_DATASET", "there is no sample to calibrate with", "give at least one; 100 are usual");
      const isRealData = isReal(samples, options.isRealData);
      const learned = await Promise.all(runs.filter(({ isUsed }) => isUsed).map((run) => run.statistics()));
      const [first = "", ...others] = learned;
      if (others.length === 0) return statisticsOf(engine, first, isRealData);
      return statisticsOf(engine, (await engine.call("mergeStatistics", [learned])).statistics, isRealData);
    } finally {
      for (const run of runs) run.dispose();
      for (const helper of helpers) helper.reset();
    }
  });
}

/** A calibration in one engine, made when it gets its first sample. */
class CalibrationRun {
  readonly #model: ModelHandle;
  readonly #remote: Remote;
  readonly #options: CalibrateOptions;
  /** Samples that each graph had, or all of them together. */
  readonly #taken = new Map<number, number>();
  #held: { readonly id: number; readonly generation: number } | undefined;

  constructor(model: ModelHandle, remote: Remote, options: CalibrateOptions) {
    this.#model = model;
    this.#remote = remote;
    this.#options = options;
  }

  get isUsed(): boolean {
    return this.#held !== undefined;
  }

  async add(sample: Parameters<typeof bindSample>[0], index: number): Promise<void> {
    const { signal, signature, sequence = 1 } = this.#options;
    const { signatures, operators } = this.#model.describe();
    const { graph, bytes, shapes } = bindSample(sample, signatures, { signature }, `sample ${index}`);
    // Variables are shared by all signatures, and so are their sequences.
    const counted = operators.some(({ operator }) => operator === "VAR_HANDLE") ? 0 : graph;
    const before = this.#taken.get(counted) ?? 0;
    this.#taken.set(counted, before + 1);
    const part = sequence === 1 ? 0 : before % sequence === 0 ? 1 : 2;
    if (!this.#held) {
      const made = await callWith([this.#remote], "makeCalibration", ([id = 0]) => [id], withSignal(signal));
      this.#held = { id: made.result.id, generation: made.generation };
    }
    const { id, generation } = this.#held;
    const line: Arguments<"calibrate"> = [id, graph, bytes, shapes, index, part];
    await callHeld(() => this.#remote.engine.call("calibrate", line, { generation, ...withSignal(signal) }));
  }

  async statistics(): Promise<string> {
    const { id = 0, generation = 0 } = this.#held ?? {};
    return (await callHeld(() => this.#remote.engine.call("calibrated", [id], { generation }))).statistics;
  }

  dispose(): void {
    if (this.#held) release(this.#remote.engine, this.#held.id, this.#held.generation);
  }
}

export async function compareModels(
  first: Model,
  second: Model,
  samples: Samples,
  options: CompareOptions,
): Promise<Report> {
  const handles: readonly [ModelHandle, ModelHandle] = [
    handleOf(first, "the first model"),
    handleOf(second, "the second model"),
  ];
  const labels = options.labels ?? (isDataset(samples) ? samples.labels : undefined);
  const { signal } = options;
  return await reporting("compare", totalOf(samples, options.total), options, async (reporter) => {
    const comparison = new ComparisonRun(handles, options);
    const predictions: Prediction[] = [];
    try {
      const add = async (sample: Sample, index: number): Promise<void> => {
        const label = labels ? labelAt(labels, index) : undefined;
        const bound = comparison.bind(sample, index);
        const { classes } = await comparison.add(bound, label ?? -1, signal);
        if (classes) predictions.push(label === undefined ? { classes } : { label, classes });
      };
      const count = await forEachSample(samples, options, reporter, [add]);
      if (count === 0) refuse("EMPTY_DATASET", "there is no sample to compare on", "give at least one");
      if (labels && labels.length > count) {
        refuse("BAD_ARGUMENT", `there are ${labels.length} labels for ${count} samples`);
      }
      const raw = await comparison.report();
      return reportOf(raw, handles, predictions, isReal(samples, options.isRealData));
    } finally {
      comparison.dispose();
    }
  });
}

export async function compareTensorOf(
  first: Model,
  second: Model,
  sample: Sample,
  name: string,
  { signal }: Pick<WorkOptions, "signal">,
): Promise<readonly [Float32Array, Float32Array]> {
  const comparison = new ComparisonRun([handleOf(first, "the first model"), handleOf(second, "the second model")], {});
  try {
    await comparison.add(comparison.bind(sample, 0), -1, signal);
    return await comparison.tensor(name);
  } finally {
    comparison.dispose();
  }
}

/** A comparison in the engine, made when the first sample tells the shapes. */
class ComparisonRun {
  readonly #models: readonly [ModelHandle, ModelHandle];
  readonly #signature: string | undefined;
  readonly #engine: Engine;
  #held:
    | {
        readonly id: number;
        readonly generation: number;
        readonly graph: number;
        readonly shapes: BoundInputs["shapes"];
      }
    | undefined;

  constructor(models: readonly [ModelHandle, ModelHandle], options: CompareOptions) {
    this.#models = models;
    this.#signature = options.signature;
    this.#engine = models[0].remote.engine;
  }

  bind(sample: Parameters<typeof bindSample>[0], index: number): BoundInputs {
    const shapes = this.#held?.shapes;
    const defaults = { signature: this.#signature, ...(shapes && { shapes }) };
    const bound = bindSample(sample, this.#models[0].describe().signatures, defaults, `sample ${index}`);
    if (this.#held && this.#held.graph !== bound.graph) {
      refuse(
        "BAD_ARGUMENT",
        `sample ${index} is for signature '${bound.signature.key}', those before are for another`,
        "compare one signature at a time",
      );
    }
    if (shapes && JSON.stringify(shapes) !== JSON.stringify(bound.shapes)) {
      refuse("SHAPE_MISMATCH", `sample ${index} has other shapes than the samples before`);
    }
    return bound;
  }

  async add(
    { bytes, shapes, signature, graph }: BoundInputs,
    label: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly classes: Prediction["classes"] | null }> {
    if (!this.#held) {
      const [first, second] = this.#models;
      const others = second.describe().signatures;
      const other = signatureOf(others, others.some(({ key }) => key === signature.key) ? signature.key : undefined);
      const made = await callWith(
        [first.remote, second.remote],
        "makeComparison",
        ([a = 0, b = 0]) => [a, b, graph, other.graph, shapes],
        withSignal(signal),
      );
      this.#held = { id: made.result.id, generation: made.generation, graph, shapes };
    }
    const { id, generation } = this.#held;
    return await callHeld(() =>
      this.#engine.call("compare", [id, bytes, label], { generation, ...withSignal(signal) }),
    );
  }

  async report(): Promise<RawReport> {
    const held = this.#held;
    if (!held) throw new Error("nothing was compared");
    const { generation } = held;
    const { report } = await callHeld(() => this.#engine.call("compared", [held.id], { generation }));
    return JSON.parse(report) as RawReport;
  }

  /** Of the last sample. */
  async tensor(name: string): Promise<readonly [Float32Array, Float32Array]> {
    const { tensors } = await this.report();
    const index = tensors.findIndex((tensor) => tensor.name === name);
    if (index < 0) refuse("BAD_ARGUMENT", `there is no tensor '${name}' that both models compute`);
    const { id = 0, generation = 0 } = this.#held ?? {};
    const found = await callHeld(() => this.#engine.call("comparedTensor", [id, index], { generation }));
    return [toArray("float32", found.first) as Float32Array, toArray("float32", found.second) as Float32Array];
  }

  dispose(): void {
    if (this.#held) release(this.#engine, this.#held.id, this.#held.generation);
  }
}

/** The engine's report (src/compare/report.cc). */
interface RawError {
  readonly name: string;
  readonly sqnr: number | null;
  readonly maxError: number;
}
interface RawTensor extends RawError {
  readonly operator: string;
  readonly node: number;
  readonly type: string;
  readonly rmsePerScale: number | null;
}
interface RawReport {
  readonly samples: number;
  readonly outputs: readonly (RawError & { readonly agreement: number | null })[];
  readonly accuracy: null | {
    readonly reference: { readonly top1: number; readonly top5: number };
    readonly candidate: { readonly top1: number; readonly top5: number };
  };
  readonly tensors: readonly RawTensor[];
}

function reportOf(
  raw: RawReport,
  [first, second]: readonly [ModelHandle, ModelHandle],
  predictions: readonly Prediction[],
  isRealData: boolean,
): Report {
  const { accuracy } = raw;
  const agreement = raw.outputs.find((output) => output.agreement !== null)?.agreement;
  const tensors = raw.tensors.map(({ name, operator, node, sqnr, maxError, rmsePerScale, type }): TensorReport => ({
    name,
    operator,
    node,
    sqnrDb: sqnr,
    maxError,
    rmseOverScale: rmsePerScale ?? 0,
    type: type.toLowerCase() as ElementType,
  }));
  const ports = second.describe().signatures.flatMap(({ outputs }) => outputs);
  return {
    sampleCount: raw.samples,
    isRealData,
    bytes: [first.byteLength, second.byteLength],
    ...(typeof agreement === "number" && { agreement }),
    ...(accuracy && {
      top1: [accuracy.reference.top1, accuracy.candidate.top1] as const,
      top5: [accuracy.reference.top5, accuracy.candidate.top5] as const,
    }),
    outputs: raw.outputs.map(({ name, sqnr, maxError }): TensorReport => {
      const same = tensors.find((tensor) => tensor.name === name);
      const type = ports.find((port) => port.name === name)?.type ?? "float32";
      return { name, operator: "", node: -1, rmseOverScale: 0, type, ...same, sqnrDb: sqnr, maxError };
    }),
    tensors,
    predictions,
  };
}

// ---- Samples --------------------------------------------------------------------------------------------------------

export const isDataset = (samples: unknown): samples is Dataset =>
  typeof samples === "object" && samples !== null && "preview" in samples && "isRealData" in samples;

function totalOf(samples: Samples, stated: number | undefined): number | undefined {
  if (stated !== undefined) return stated;
  const { length } = samples as { readonly length?: unknown };
  return typeof length === "number" ? length : undefined;
}

const isReal = (samples: Samples, stated: boolean | undefined): boolean =>
  stated ?? (isDataset(samples) ? samples.isRealData : true);

type UseSample = (sample: Parameters<typeof bindSample>[0], index: number) => Promise<void>;

/** Gives each sample to whichever of `uses` is free; returns how many there were. Of several failures, the first sample's. */
async function forEachSample(
  samples: Samples,
  { signal }: WorkOptions,
  reporter: ProgressReporter,
  uses: readonly UseSample[],
): Promise<number> {
  const isIterable =
    typeof samples === "object" && samples !== null && (Symbol.asyncIterator in samples || Symbol.iterator in samples);
  if (!isIterable) refuse("BAD_ARGUMENT", "the samples cannot be iterated", "give an array, a generator or a data set");
  let taken = 0;
  let done = 0;
  let failure: { readonly index: number; readonly error: unknown } | undefined;
  const stream = oneAfterAnother(samples);
  const work = async (use: UseSample): Promise<void> => {
    for await (const sample of { [Symbol.asyncIterator]: () => stream }) {
      const index = taken++;
      try {
        signal?.throwIfAborted();
        await use(sample, index);
      } catch (error) {
        if (!failure || index < failure.index) failure = { index, error: namingSample(error, samples, index) };
      }
      if (failure) return; // which also ends the stream for the others
      reporter.step(++done);
    }
  };
  // A sample that is being read may come late: an abort does not wait for it.
  const ends = await rejectOnAbort(Promise.allSettled(uses.map(work)), signal);
  if (failure) throw (failure as { readonly error: unknown }).error;
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  signal?.throwIfAborted();
  return done;
}

/** A generator answers calls that come while it is at work in their order, as other iterables need not. */
async function* oneAfterAnother(samples: Samples) {
  yield* samples;
}

/** An error about a sample of a data set tells the file it came from. */
function namingSample(error: unknown, samples: Samples, index: number): unknown {
  const name = isDataset(samples) ? samples.names[index] : undefined;
  if (!(error instanceof LiteQuantError) || name === undefined) return error;
  if (!error.message.includes(`sample ${index}`)) return error;
  const { code, message, hint, operator, node, tensor } = error;
  return new LiteQuantError({
    code,
    message: `${message} (sample ${index} is ${name})`,
    hint,
    ...(operator !== undefined && { operator }),
    ...(node !== undefined && { node }),
    ...(tensor !== undefined && { tensor }),
  });
}

function labelAt(labels: ArrayLike<number>, index: number): number {
  const label = labels[index];
  if (label === undefined) return refuse("BAD_ARGUMENT", `there are ${labels.length} labels, sample ${index} has none`);
  if (!Number.isInteger(label) || label < 0)
    return refuse("BAD_ARGUMENT", `label ${index} is ${label}, not a class index`);
  return label;
}

/** A call on something that only this engine has: when it is gone, so is the work. */
async function callHeld<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StaleHandle)) throw error;
    return refuse("WORKER_LOST", "the engine was restarted while this work was going on", "start it again");
  }
}

export const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});
