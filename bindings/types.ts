// The public types: the same in Node, in a page and in a worker. This file holds types only; it runs nothing.
import type { DataSource, Dataset, DatasetOptions, ImageOptions, MeanStd, Pixels } from "./data/types.js";

export type * from "./data/types.js";

// ---- Values ---------------------------------------------------------------------------------------------------------

/** Element types, as the file format names them. */
export type ElementType =
  | "float32"
  | "float16"
  | "float64"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "int4"
  | "uint4"
  | "int2"
  | "bfloat16"
  | "float8_e4m3fn"
  | "float8_e5m2"
  | "complex64"
  | "complex128"
  | "string"
  | "resource"
  | "variant";

/** Booleans travel as Uint8Array (0 or 1), float16 and bfloat16 as the bits in a Uint16Array. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A value with its type and shape. The array is the caller's own: it is never a view of the engine's memory. */
export interface Tensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Of strings, the bytes as the file format stores them: how many, where each begins and the last ends, the characters. */
  readonly data: TypedArray;
  /** The same as texts, in UTF-8; of strings only. */
  readonly strings?: readonly string[];
}

/**
 * What an input accepts: an array of the tensor's own type, in its shape; or the same with a shape of its own. Strings
 * are a list of texts, or of bytes where they are not UTF-8.
 */
export type InputValue =
  | TypedArray
  | StringValues
  | { readonly data: TypedArray; readonly shape?: readonly number[] }
  | { readonly strings: StringValues; readonly shape?: readonly number[] };
export type StringValues = readonly (string | Uint8Array)[];

/** One sample: in the order of the inputs, by input name, or by name for a given signature. */
export type Sample =
  | readonly InputValue[]
  | Readonly<Record<string, InputValue>>
  | readonly [signature: string, inputs: Readonly<Record<string, InputValue>>];

/** Samples one after another; they are taken as they are needed. */
export type Samples = Iterable<Sample> | AsyncIterable<Sample>;

// ---- Errors ---------------------------------------------------------------------------------------------------------

export type ErrorCode =
  | "BAD_FILE" /** not a model file; the message says what it is instead */
  | "BAD_MODEL" /** a model that contradicts itself */
  | "TOO_LARGE"
  | "UNSUPPORTED_OPERATOR"
  | "UNSUPPORTED_TYPE"
  | "BAD_ARGUMENT" /** an argument of the caller's: wrong type, name or index */
  | "SHAPE_MISMATCH"
  | "BAD_SAMPLE" /** NaN or infinity in a sample, or a file that cannot be read as one */
  | "EMPTY_DATASET"
  | "NONFINITE_WEIGHT"
  | "NONFINITE_ACTIVATION"
  | "REFUSED" /** the mode's promise cannot be kept for this model */
  | "OUT_OF_MEMORY"
  | "INTERNAL" /** a fault of ours */
  | "DISPOSED" /** a handle was used after dispose() */
  | "WORKER_LOST" /** the worker stopped; the next call starts a new one */
  | "ENGINE_NOT_LOADED" /** the WebAssembly file could not be fetched or started */
  | "FILE_NOT_READ" /** a file could not be opened or written */
  | "MISSING_DECODER"; /** no image decoder (Node: install `sharp`) */

/** The fields of a LiteQuantError beyond those of Error. */
export interface ErrorDetail {
  readonly code: ErrorCode;
  /** One sentence or more; it says where. */
  readonly message: string;
  /** What can be done about it, or "". */
  readonly hint: string;
  /** "CONV_2D", where the error is about an operator. */
  readonly operator?: string;
  /** Its index in the graph. */
  readonly node?: number;
  /** The tensor the error is about, or the first output of the operator. */
  readonly tensor?: string;
}

// ---- Long work ------------------------------------------------------------------------------------------------------

export type Phase = "load" | "read" | "calibrate" | "quantize" | "compare";

export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  /** Absent when the number of samples is not known beforehand. */
  readonly total?: number;
  /** Estimated milliseconds left, when `total` is known. */
  readonly remainingMs?: number;
}

export interface WorkOptions {
  /** Aborting rejects with the signal's reason, within 300 ms. */
  readonly signal?: AbortSignal;
  /** Called at least ten times a second while work is going on, and once at its end. */
  readonly onProgress?: (progress: Progress) => void;
}

// ---- Engine ---------------------------------------------------------------------------------------------------------

/** Builds of the engine; `relaxed` needs WebAssembly relaxed SIMD. Integer results and written files do not differ. */
export type Variant = "simd" | "relaxed";

export interface EngineOptions {
  /** Where work is done. Default: "worker" in a page, "in-thread" in Node and inside a worker. */
  readonly thread?: "worker" | "in-thread";
  /** Default: "relaxed" where it can run, else "simd". */
  readonly variant?: Variant;
  /** Address of the .wasm file. Default: beside this module. */
  readonly wasmURL?: string | URL;
  /** The bytes of the .wasm file, instead of an address. They must be those of `variant`. */
  readonly wasmBinary?: Uint8Array | ArrayBuffer;
  /** Address of the worker's script. Default: `worker.js` beside this module. */
  readonly workerURL?: string | URL;
  /** Makes the worker, instead of an address: what a page without a server needs. */
  readonly createWorker?: () => Worker;
}

export interface EngineInfo {
  /** The build that runs, as the module itself says. */
  readonly variant: Variant;
  readonly version: string;
  readonly thread: "worker" | "in-thread";
  /** Bytes of memory the engine holds at present; it grows and never shrinks. */
  readonly memoryBytes: number;
}

/** Every handle is released with dispose() or `using`. Disposing twice does nothing. */
export interface Disposable {
  dispose(): void;
  [Symbol.dispose](): void;
}

// ---- Model ----------------------------------------------------------------------------------------------------------

export type Mode = "dynamic" | "int8" | "int8-only" | "float16" | "int16x8" | "int16x8-only";
export type InputOutputType = "float32" | "int8" | "uint8" | "int16";
export type WeightGranularity = "per-channel" | "per-tensor" | "per-tensor-dense";
export type Target = "tflite" | "tflite-old" | "micro" | "edgetpu" | "gpu";

/** A path works in Node only. */
export type ModelSource = Uint8Array | ArrayBuffer | Blob | URL | string;

export interface LoadOptions extends WorkOptions {
  /** Shown in reports. Default: the file's name where there is one. */
  readonly name?: string;
}

export interface Model extends Disposable {
  readonly name: string;
  /** Bytes of the file. */
  readonly byteLength: number;
  /** Of a model that `quantize` made in an integer mode: the float operators it left, numbered as in the float model. */
  readonly leftInFloat: readonly OperatorPlace[];
  /** Of such a model: operators that lose more in integers than the mode suggests, numbered as in the float model. */
  readonly warnings: readonly OperatorPlace[];
  /** Of a model that `quantize` made: the operators that the recipe's target will not run, numbered as in this model. */
  readonly unsupportedByTarget: readonly OperatorPlace[];
  describe(): ModelDescription;
  /** A constant as it is stored; BAD_ARGUMENT where the tensor is none. */
  constant(tensor: number, graph?: number): Promise<Tensor>;
  /** The file: always the same bytes for the same model. */
  save(): Promise<Uint8Array>;
}

export interface ModelDescription {
  readonly byteLength: number;
  readonly description: string;
  readonly graphs: readonly GraphDescription[];
  /** At least one; a model without signatures has one named "" made of the first graph's inputs and outputs. */
  readonly signatures: readonly SignatureDescription[];
  /** Use count of each operator, most frequent first. */
  readonly operators: readonly OperatorCount[];
  readonly metadata: MetadataDescription;
  readonly parameterCount: number;
  readonly constantBytes: number;
  /** True if activations or weights are integers already. */
  readonly isQuantized: boolean;
}

export interface GraphDescription {
  readonly index: number;
  readonly name: string;
  readonly tensors: readonly TensorDescription[];
  readonly nodes: readonly NodeDescription[];
  /** Indices of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface TensorDescription {
  readonly index: number;
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The shape with -1 where the size is only known at run time; absent when all are known. */
  readonly shapeSignature?: readonly number[];
  readonly isConstant: boolean;
  readonly isVariable: boolean;
  /** Stored bytes of a constant, else 0. */
  readonly byteLength: number;
  readonly quantization?: QuantizationDescription;
}

/** real = scale × (q − zeroPoint); more than one entry: per channel along `axis`. */
/** Of float32 numbers, one for all or one for each index of the axis. */
export interface QuantizationDescription {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly axis: number;
}

export interface NodeDescription {
  readonly index: number;
  /** "CONV_2D", or a custom operator's own name. */
  readonly operator: string;
  readonly version: number;
  /** Indices of tensors, -1 for an absent operand. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** This build can run it. */
  readonly isSupported: boolean;
}

export interface OperatorCount {
  readonly operator: string;
  readonly count: number;
  readonly isSupported: boolean;
}

export interface SignatureDescription {
  /** "" when the file has no signatures. */
  readonly key: string;
  readonly graph: number;
  readonly inputs: readonly PortDescription[];
  readonly outputs: readonly PortDescription[];
}

/** An input or output as a signature names it; where there is no signature, by its tensor's name. */
export interface PortDescription {
  readonly name: string;
  readonly tensor: number;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly shapeSignature?: readonly number[];
  readonly quantization?: QuantizationDescription;
  /** From the model's metadata, where it says so. */
  readonly normalization?: MeanStd;
  readonly colorSpace?: "rgb" | "grayscale";
  /** Class names of an output, in order of its last axis. */
  readonly labels?: readonly string[];
}

export interface MetadataDescription {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly author: string;
  readonly license: string;
  /** Names of all metadata entries of the file. */
  readonly entries: readonly string[];
  readonly associatedFiles: readonly string[];
}

export type ModeDescriptions = Readonly<Record<Mode, ModeDescription>>;

/** Whether a mode can be had, and what it would leave in float. */
export interface ModeDescription {
  readonly possible: boolean;
  /** Why not, when it is not possible. */
  readonly reason: string;
  readonly needsStatistics: boolean;
  /**
   * Samples must be sequences, over which states are carried along (CalibrateOptions.sequence): a cell that could become
   * integers (SVDF, LSTM) takes one step a run, and stays float without.
   */
  readonly needsSequences: boolean;
  /** Operators that stay float or stand in the way; in "dynamic" and "float16", those that keep float weights. */
  readonly float: readonly OperatorPlace[];
  /** Operators that the recipe's target does not have. */
  readonly unsupported: readonly OperatorPlace[];
}

export interface OperatorPlace {
  readonly graph: number;
  readonly node: number;
  readonly operator: string;
  /** What is in the way. */
  readonly reason: string;
}

// ---- Calibrate and quantize -----------------------------------------------------------------------------------------

export interface CalibrateOptions extends WorkOptions {
  /**
   * For models that keep states from one run to the next: how many samples in a row make a sequence, whose states are
   * carried along. Needed to quantize cells that take one step a run (SVDF, LSTM). Default: 1, every sample starts as
   * a first run does. Infinity: all samples are one sequence.
   */
  readonly sequence?: number;
  /**
   * Engines that samples are spread over, each with memory of its own: faster where engines run in workers. The statistics
   * are the same for any number. Sequences are not spread. Default: 1.
   */
  readonly workers?: number;
  /** Signature that samples are for when they do not say. Default: the first. */
  readonly signature?: string;
  /** Number of samples, for progress, when the iterable does not tell. */
  readonly total?: number;
  /** Say false when the samples are not real data; the report repeats it. Default: what the data set says, else true. */
  readonly isRealData?: boolean;
}

/** What calibration learned. A value: it does not hold engine memory. */
export interface Statistics extends Disposable {
  readonly sampleCount: number;
  readonly isRealData: boolean;
  /** Any order gives the same statistics. They must be of the same model. */
  merge(...others: readonly Statistics[]): Promise<Statistics>;
  /** JSON.stringify(statistics) can be kept in a file; `parseStatistics` reads it back. */
  toJSON(): StatisticsJSON;
}

/** The form in which statistics are kept in files. */
export interface StatisticsJSON {
  readonly litequant: "statistics";
  readonly version: number;
  readonly [field: string]: unknown;
}

/**
 * Operators: by number (of the first subgraph), by subgraph (default 0) and number, or by text: "12", "1:12" (operator 12
 * of subgraph 1), an operator's name such as "SOFTMAX", or the name of one of its results, in which * stands for any text.
 * A selector that names no operator is an error.
 */
export type NodeSelector = string | number | { readonly graph?: number; readonly node: number };

export interface Recipe {
  readonly mode: Mode;
  /** Type of the model's inputs and outputs. Default: "int8" for "int8-only", "int16" for "int16x8-only", else "float32". */
  readonly io?: InputOutputType;
  /** "per-tensor-dense": one scale for the weights of FULLY_CONNECTED alone. Default: "per-channel". */
  readonly weights?: WeightGranularity;
  /** Where the file is to run; what cannot run there is refused by name. Default: "tflite". */
  readonly target?: Target;
  /** int8 activations with zero point 0; int16 activations have it always. Default: false. */
  readonly symmetricActivations?: boolean;
  /** "dynamic" and "float16" leave constants with fewer elements in float. Default: 1024; 128 in "float16". */
  readonly minimumElements?: number;
  /** "dynamic": int8 constants behind DEQUANTIZE, the older guide's form. Default: false. */
  readonly weightsOnly?: boolean;
  /** Operators that stay in float. */
  readonly keepFloat?: readonly NodeSelector[];
  /** "int8": operators that compute with int16 activations. */
  readonly keepInt16?: readonly NodeSelector[];
}

// ---- Session --------------------------------------------------------------------------------------------------------

export interface SessionOptions {
  /** Default: the first. */
  readonly signature?: string;
  /** Shapes by input name. Default: the file's, unknown dimensions being 1. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /** "reference" runs the plain loops that define the results. Default: "optimized". */
  readonly kernels?: "optimized" | "reference";
  /**
   * A session of the same model whose variables (VAR_HANDLE) this one reads and writes too, as the signatures of one
   * TensorFlow Lite interpreter do: what one signature assigns, another reads, and CALL_ONCE initialises them once. Its
   * kernels are that session's. Default: variables of its own.
   */
  readonly variablesOf?: Session;
}

export interface Session extends Disposable {
  readonly inputs: readonly PortDescription[];
  readonly outputs: readonly PortDescription[];
  /**
   * Inputs not given by shape must have the session's shape; outputs are copies. Their shapes may follow from the values
   * of the inputs, and differ from `outputs`.
   */
  run(inputs: Sample, options?: Pick<WorkOptions, "signal">): Promise<Record<string, Tensor>>;
  /** New input shapes by name; other inputs keep theirs, and variables (VAR_HANDLE) their values. */
  resize(inputShapes: Readonly<Record<string, readonly number[]>>): Promise<void>;
  /** Variables, which keep their values from one run to the next, are as before the first run; shared ones for all. */
  reset(): Promise<void>;
  /** Milliseconds per run with the inputs of the last `run`: median of `repeat` runs, timed inside the engine. */
  measure(options?: { readonly repeat?: number } & Pick<WorkOptions, "signal">): Promise<Timing>;
  /** The same per node, in the order of the graph's nodes: the least of `repeat` runs. */
  profile(options?: { readonly repeat?: number } & Pick<WorkOptions, "signal">): Promise<readonly NodeTime[]>;
}

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly runs: number;
}

export interface NodeTime {
  readonly graph: number;
  readonly node: number;
  readonly ms: number;
  /** Multiply-adds, for most operators; what it does beyond visiting each element once. */
  readonly operations: number;
}

// ---- Compare --------------------------------------------------------------------------------------------------------

export interface CompareOptions extends WorkOptions {
  /** Class index of each sample, in order; of a data set, its own labels by default. */
  readonly labels?: ArrayLike<number>;
  readonly signature?: string;
  readonly total?: number;
  /** See CalibrateOptions; here of the samples compared on. */
  readonly isRealData?: boolean;
}

export interface Report {
  readonly sampleCount: number;
  readonly isRealData: boolean;
  /** Bytes of both files. */
  readonly bytes: readonly [number, number];
  /** Share of samples whose largest output is at the same place in both. Absent when no output is a score vector. */
  readonly agreement?: number;
  /** With labels: accuracy of the first and of the second model. */
  readonly top1?: readonly [number, number];
  readonly top5?: readonly [number, number];
  readonly outputs: readonly TensorReport[];
  /** Every tensor both models have under the same name, in order of execution. */
  readonly tensors: readonly TensorReport[];
  /** One entry per sample and in order, for the output that agreement is counted on. */
  readonly predictions: readonly Prediction[];
}

export interface TensorReport {
  readonly name: string;
  /** Operator that makes it, "" for an input. */
  readonly operator: string;
  /** Index of that operator in the second model. */
  readonly node: number;
  /** Signal to quantization noise ratio; null stands for "no error at all". */
  readonly sqnrDb: number | null;
  readonly maxError: number;
  /** Root of the mean squared error over the quantization step; about 0.29 is the least possible. 0 for float tensors. */
  readonly rmseOverScale: number;
  readonly type: ElementType;
}

export interface Prediction {
  readonly label?: number;
  /** Classes by falling score, at most five, of each model; scores as real numbers. */
  readonly classes: readonly [readonly ScoredClass[], readonly ScoredClass[]];
}

export interface ScoredClass {
  readonly index: number;
  readonly score: number;
}

// ---- The functions (exported by the package's entry; shown here for reference) --------------------------------------

export interface LiteQuant {
  /** Before the first call; later calls take effect after `shutdown`. */
  configure(options: EngineOptions): void;
  engine(): Promise<EngineInfo>;
  /** Ends the engine and frees its memory. Models are reloaded when they are used again. */
  shutdown(): void;
  load(source: ModelSource, options?: LoadOptions): Promise<Model>;
  calibrate(model: Model, samples: Samples, options?: CalibrateOptions): Promise<Statistics>;
  parseStatistics(source: string | StatisticsJSON): Statistics;
  quantize(model: Model, recipe: Recipe, statistics?: Statistics, options?: WorkOptions): Promise<Model>;
  /** The model with floats in place of all integers that stand for real numbers, to be quantized again. */
  dequantize(model: Model, options?: WorkOptions): Promise<Model>;
  /** What `quantize` would do in each mode, without further choices; it reads all constants. */
  describeModes(model: Model): Promise<ModeDescriptions>;
  /** What `quantize` would do: whether the recipe can be had, and what it would leave in float. */
  describeRecipe(model: Model, recipe: Recipe): Promise<ModeDescription>;
  createSession(model: Model, options?: SessionOptions): Promise<Session>;
  compare(first: Model, second: Model, samples: Samples, options?: CompareOptions): Promise<Report>;
  /** A tensor that both models compute under this name, as real numbers, for one sample: of the first and the second. */
  compareTensor(
    first: Model,
    second: Model,
    sample: Sample,
    name: string,
    options?: Pick<WorkOptions, "signal">,
  ): Promise<readonly [Float32Array, Float32Array]>;
  openDataset(source: DataSource, model: Model, options?: DatasetOptions): Promise<Dataset>;
  imageToTensor(pixels: Pixels, options: ImageOptions): Promise<Tensor>;
  /** The resized and cropped picture, before normalisation. */
  previewImage(pixels: Pixels, options: ImageOptions): Promise<Pixels>;
  /** Decodes PNG, JPEG or WebP; EXIF rotation is applied, alpha is laid on black. */
  decodeImage(source: Blob | Uint8Array): Promise<Pixels>;
  /** Arrays of an .npz by name, or of an .npy by the name ""; `name` tells which. */
  readArrays(file: Uint8Array, name: string): Promise<Record<string, Tensor>>;
  /** An uncompressed .npz; the same arrays in the same order give the same bytes. */
  writeArrays(arrays: Readonly<Record<string, Tensor>>): Promise<Uint8Array>;
  /**
   * Class indices out of a file: .npy of integers, .json (a list, or an object with `labels`), or text with one per line.
   * Class names are looked up in the model's own.
   */
  parseLabels(file: Uint8Array, name: string, classNames?: readonly string[]): Promise<number[]>;
  /** Pictures that are kept as tiles of one sheet, row by row; `count` of them, by default all. */
  tilesOf(sheet: Pixels, columns: number, rows: number, count?: number): Pixels[];
}
