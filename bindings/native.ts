// The wasm module as Embind exports it (bindings/embind.cpp). Embind checks neither the number nor the types of
// arguments: this interface does, at compile time, and the functions below that fill it in take checked values only.
import type { ErrorDetail, NodeTime, OperatorPlace, ScoredClass, Variant } from "./types.js";

/** What every function gives instead of throwing. */
export interface NativeError {
  readonly error: ErrorDetail;
}
export type Outcome<T> = T | NativeError;

export interface EngineFacts {
  readonly variant: Variant;
  readonly memoryBytes: number;
}

export type Shapes = readonly (readonly number[])[];

/** All fields of ImageOptions, defaults filled in. */
export interface NativeImageOptions {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly order: string;
  readonly resize: string;
  readonly crop: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly type: string;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Empty texts are defaults. */
export interface NativeRecipe {
  readonly mode: string;
  readonly io: string;
  readonly weights: string;
  readonly target: string;
  readonly symmetricActivations: boolean;
  /** -1: the default. */
  readonly minimumElements: number;
  readonly weightsOnly: boolean;
  /** Texts that name operators. */
  readonly keepFloat: readonly string[];
  readonly keepInt16: readonly string[];
}

/** What `quantize` made; `float`: the operators it left in float; `unsupported`: those its target will not run. */
export interface QuantizedModel extends NewModel {
  readonly bytes: Uint8Array;
  readonly float: readonly OperatorPlace[];
  readonly unsupported: readonly OperatorPlace[];
}

export interface NewModel {
  readonly id: number;
  /** JSON of ModelDescription in UTF-8, but for `byteLength`, `labels`, and what `channelScales` is for. */
  readonly description: Uint8Array;
  /** float32: of tensors with several scales, whose `quantization` says which of these are theirs. */
  readonly channelScales: Uint8Array;
}

export interface NewSession {
  readonly id: number;
  /** JSON of the types and shapes of its inputs and outputs. */
  readonly description: string;
}

export interface NpyHeader {
  readonly type: string;
  readonly shape: readonly number[];
  readonly dataOffset: number;
  /** Row-major and little-endian: the values are as they lie in the file. */
  readonly isPlain: boolean;
}

export interface NativeModule {
  info(): Outcome<EngineFacts>;
  release(id: number): void;
  load(file: Uint8Array): Outcome<NewModel>;
  save(model: number): Outcome<{ readonly bytes: Uint8Array }>;
  associatedFile(model: number, name: string): Outcome<{ readonly bytes: Uint8Array; readonly isCompressed: boolean }>;
  constant(model: number, graph: number, tensor: number): Outcome<{ readonly bytes: Uint8Array }>;
  /** `beside`: a session whose variables and kernels it shares, 0 for none. */
  makeSession(
    model: number,
    graph: number,
    shapes: Shapes | null,
    reference: boolean,
    beside: number,
  ): Outcome<NewSession>;
  resizeSession(session: number, shapes: Shapes): Outcome<{ readonly description: string }>;
  runSession(
    session: number,
    inputs: readonly Uint8Array[],
  ): Outcome<{ readonly outputs: readonly Uint8Array[]; readonly shapes: Shapes }>;
  resetSession(session: number): Outcome<object>;
  timeSession(session: number, count: number): Outcome<{ readonly times: readonly number[] }>;
  profileSession(session: number, count: number): Outcome<{ readonly steps: readonly NodeTime[] }>;
  makeCalibration(model: number): Outcome<{ readonly id: number }>;
  /** `part`: 0 a sample of its own, 1 the first of a sequence, 2 one that follows. */
  calibrate(
    calibration: number,
    graph: number,
    inputs: readonly Uint8Array[],
    shapes: Shapes | null,
    sample: number,
    part: number,
  ): Outcome<object>;
  calibrated(calibration: number): Outcome<{ readonly statistics: string; readonly samples: number }>;
  mergeStatistics(texts: readonly string[]): Outcome<{ readonly statistics: string; readonly samples: number }>;
  quantize(model: number, recipe: NativeRecipe, statistics: string): Outcome<QuantizedModel>;
  dequantize(model: number): Outcome<NewModel & { readonly bytes: Uint8Array }>;
  /** JSON of ModeDescriptions. */
  describeModes(model: number): Outcome<{ readonly description: string }>;
  /** JSON of ModeDescription. */
  describeRecipe(model: number, recipe: NativeRecipe): Outcome<{ readonly description: string }>;
  makeComparison(
    first: number,
    second: number,
    firstGraph: number,
    secondGraph: number,
    shapes: Shapes | null,
  ): Outcome<{ readonly id: number }>;
  compare(
    comparison: number,
    inputs: readonly Uint8Array[],
    label: number,
  ): Outcome<{ readonly classes: readonly [readonly ScoredClass[], readonly ScoredClass[]] | null }>;
  compared(comparison: number): Outcome<{ readonly report: string }>;
  /** float32 each. */
  comparedTensor(
    comparison: number,
    index: number,
  ): Outcome<{ readonly first: Uint8Array; readonly second: Uint8Array }>;
  imageValues(
    rgba: Uint8Array,
    width: number,
    height: number,
    options: NativeImageOptions,
  ): Outcome<{ readonly bytes: Uint8Array }>;
  imagePreview(
    rgba: Uint8Array,
    width: number,
    height: number,
    options: NativeImageOptions,
  ): Outcome<{ readonly bytes: Uint8Array }>;
  npyHeader(beginning: Uint8Array, fileSize: number): Outcome<NpyHeader>;
  npyArray(file: Uint8Array): Outcome<{ readonly bytes: Uint8Array }>;
  newNpyHeader(type: string, shape: readonly number[]): Outcome<{ readonly bytes: Uint8Array }>;
  wav(
    file: Uint8Array,
  ): Outcome<{ readonly sampleRate: number; readonly channels: number; readonly bytes: Uint8Array }>;
}
