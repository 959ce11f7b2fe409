// Models: loaded, described, saved, quantized.
import { inflateSync } from "fflate";
import { callWith, Remote } from "./engine.js";
import type { Engine } from "./engine.js";
import { refuse } from "./errors.js";
import type { NativeRecipe, NewModel } from "./native.js";
import { reporting } from "./progress.js";
import { jsonOf } from "./statistics.js";
import { tensorOf } from "./tensors.js";
import type {
  InputOutputType,
  Model,
  ModelDescription,
  Mode,
  ModeDescription,
  ModeDescriptions,
  NodeSelector,
  PortDescription,
  QuantizationDescription,
  Recipe,
  Statistics,
  Target,
  Tensor,
  OperatorPlace,
  WeightGranularity,
  WorkOptions,
} from "./types.js";

export const modes: readonly Mode[] = ["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"];
export const inputOutputTypes: readonly InputOutputType[] = ["float32", "int8", "uint8", "int16"];
export const granularities: readonly WeightGranularity[] = ["per-channel", "per-tensor", "per-tensor-dense"];
export const targets: readonly Target[] = ["tflite", "tflite-old", "micro", "edgetpu", "gpu"];
const largestLabelsFile = 1 << 24;

/** What the engine's description lacks: class names are in a file of their own. */
type RawPort = PortDescription & { readonly labelsFile?: string };

/** What is told of a model that was just quantized. */
interface MadePlaces {
  readonly float?: readonly OperatorPlace[];
  readonly warnings?: readonly OperatorPlace[];
  readonly unsupported?: readonly OperatorPlace[];
}

export class ModelHandle implements Model {
  readonly name: string;
  readonly byteLength: number;
  readonly leftInFloat: readonly OperatorPlace[];
  readonly warnings: readonly OperatorPlace[];
  readonly unsupportedByTarget: readonly OperatorPlace[];
  readonly remote: Remote;
  readonly #file: Uint8Array;
  readonly #isOurs: boolean;
  readonly #description: ModelDescription;

  /** `file` belongs to the handle; `isOurs`: it was written by `save` already. */
  constructor(
    name: string,
    file: Uint8Array,
    isOurs: boolean,
    remote: Remote,
    description: ModelDescription,
    places: MadePlaces,
  ) {
    this.name = name;
    this.byteLength = file.byteLength;
    this.#file = file;
    this.#isOurs = isOurs;
    this.remote = remote;
    this.#description = description;
    this.leftInFloat = places.float ?? [];
    this.warnings = places.warnings ?? [];
    this.unsupportedByTarget = places.unsupported ?? [];
  }

  describe(): ModelDescription {
    this.remote.check();
    return this.#description;
  }

  async constant(tensor: number, graph = 0): Promise<Tensor> {
    const found = this.describe().graphs[graph]?.tensors[tensor];
    if (!found?.isConstant) return refuse("BAD_ARGUMENT", `tensor ${tensor} of subgraph ${graph} is no constant`);
    const { bytes } = (await callWith([this.remote], "constant", ([id = 0]) => [id, graph, tensor])).result;
    return tensorOf(found.type, found.shape, bytes);
  }

  async save(): Promise<Uint8Array> {
    this.remote.check();
    if (this.#isOurs) return new Uint8Array(this.#file);
    return (await callWith([this.remote], "save", ([id = 0]) => [id])).result.bytes;
  }

  /** The same model in another engine. */
  remoteIn(engine: Engine): Remote {
    return remoteOf(engine, this.#file);
  }

  dispose(): void {
    this.remote.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The handle behind a Model, which is always one of ours. */
export function handleOf(model: Model, what = "the model"): ModelHandle {
  if (!(model instanceof ModelHandle)) {
    return refuse("BAD_ARGUMENT", `${what} is not a Model`, "load(...) and quantize(...) make them");
  }
  model.remote.check();
  return model;
}

/** `file` is not kept by anyone else. */
export async function loadModel(engine: Engine, file: Uint8Array, name: string, options: WorkOptions): Promise<Model> {
  return await reporting("load", undefined, options, async () => {
    const { signal } = options;
    const made = await engine.call("load", [file], signal ? { signal } : {});
    return await adopt(engine, engine.generation, file, false, made, name);
  });
}

function remoteOf(engine: Engine, file: Uint8Array): Remote {
  return new Remote(engine, "model", async () => {
    const { id } = await engine.call("load", [file]);
    return { id, generation: engine.generation };
  });
}

async function adopt(
  engine: Engine,
  generation: number,
  file: Uint8Array,
  isOurs: boolean,
  made: NewModel & MadePlaces,
  name: string,
): Promise<Model> {
  const remote = remoteOf(engine, file);
  remote.adopt(made.id, generation);
  const raw = readDescription(made);
  const description = { ...raw, byteLength: file.byteLength, signatures: await withLabels(remote, raw) };
  return new ModelHandle(name, file, isOurs, remote, description, made);
}

/** A quantization as the engine tells it. */
type RawQuantization =
  QuantizationDescription | { firstScale: number; channels: number; zeroPoint?: readonly number[]; axis: number };

function readDescription({ description, channelScales }: NewModel): ModelDescription {
  const raw = JSON.parse(new TextDecoder().decode(description)) as ModelDescription;
  const scales = new Float32Array(channelScales.buffer, channelScales.byteOffset, channelScales.byteLength / 4);
  const complete = (one: { quantization?: RawQuantization }): void => {
    if (!one.quantization || !("channels" in one.quantization)) return;
    const { firstScale, channels, zeroPoint = new Array<number>(channels).fill(0), axis } = one.quantization;
    one.quantization = { scale: Array.from(scales.subarray(firstScale, firstScale + channels)), zeroPoint, axis };
  };
  for (const { tensors } of raw.graphs) tensors.forEach(complete);
  for (const { inputs, outputs } of raw.signatures) [...inputs, ...outputs].forEach(complete);
  return raw;
}

/** Class names into the descriptions of outputs. A file that cannot be read leaves them out. */
async function withLabels(remote: Remote, raw: ModelDescription): Promise<ModelDescription["signatures"]> {
  const known = new Map<string, readonly string[] | undefined>();
  const complete = async ({ labelsFile, ...port }: RawPort): Promise<PortDescription> => {
    if (labelsFile === undefined || !raw.metadata.associatedFiles.includes(labelsFile)) return port;
    if (!known.has(labelsFile)) known.set(labelsFile, await readLabels(remote, labelsFile));
    const labels = known.get(labelsFile);
    return labels ? { ...port, labels } : port;
  };
  const signatures = [];
  for (const signature of raw.signatures) {
    const inputs = [];
    for (const port of signature.inputs) inputs.push(await complete(port));
    const outputs = [];
    for (const port of signature.outputs) outputs.push(await complete(port));
    signatures.push({ ...signature, inputs, outputs });
  }
  return signatures;
}

async function readLabels(remote: Remote, name: string): Promise<readonly string[] | undefined> {
  const { result } = await callWith([remote], "associatedFile", ([id = 0]) => [id, name]);
  try {
    const room = new Uint8Array(largestLabelsFile);
    const bytes = result.isCompressed ? inflateSync(result.bytes, { out: room }) : result.bytes;
    return linesOf(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Lines without their ends; an empty last line is none. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

export async function quantizeModel(
  model: Model,
  recipe: Recipe,
  statistics: Statistics | undefined,
  options: WorkOptions,
): Promise<Model> {
  const { remote, name } = handleOf(model);
  const native = nativeRecipe(recipe);
  const text = statistics ? JSON.stringify(jsonOf(statistics)) : "";
  return await reporting("quantize", undefined, options, async () => {
    const { signal } = options;
    const { result, generation } = await callWith(
      [remote],
      "quantize",
      ([id = 0]) => [id, native, text],
      signal ? { signal } : {},
    );
    return await adopt(remote.engine, generation, result.bytes, true, result, `${name} (${recipe.mode})`);
  });
}

export async function dequantizeModel(model: Model, options: WorkOptions): Promise<Model> {
  const { remote, name } = handleOf(model);
  return await reporting("quantize", undefined, options, async () => {
    const { signal } = options;
    const { result, generation } = await callWith([remote], "dequantize", ([id = 0]) => [id], signal ? { signal } : {});
    return await adopt(remote.engine, generation, result.bytes, true, result, `${name} (float)`);
  });
}

export async function describeModesOf(model: Model): Promise<ModeDescriptions> {
  const { result } = await callWith([handleOf(model).remote], "describeModes", ([id = 0]) => [id]);
  return JSON.parse(result.description) as ModeDescriptions;
}

export async function describeRecipeOf(model: Model, recipe: Recipe): Promise<ModeDescription> {
  const { remote } = handleOf(model);
  const native = nativeRecipe(recipe);
  const { result } = await callWith([remote], "describeRecipe", ([id = 0]) => [id, native]);
  return JSON.parse(result.description) as ModeDescription;
}

/** Checked, and with all fields there. */
function nativeRecipe(recipe: Recipe): NativeRecipe {
  if (typeof recipe !== "object" || recipe === null)
    refuse("BAD_ARGUMENT", "the recipe is not an object", 'try {mode: "int8"}');
  const { mode, io, weights, target, symmetricActivations, minimumElements, weightsOnly } = recipe;
  oneOf("mode", mode, modes);
  if (io !== undefined) oneOf("io", io, inputOutputTypes);
  if (weights !== undefined) oneOf("weights", weights, granularities);
  if (target !== undefined) oneOf("target", target, targets);
  for (const [name, value] of Object.entries({ symmetricActivations, weightsOnly })) {
    if (value !== undefined && typeof value !== "boolean")
      refuse("BAD_ARGUMENT", `${name} is ${JSON.stringify(value)}`, "it can be true or false");
  }
  const isCount = minimumElements === undefined || (Number.isInteger(minimumElements) && minimumElements >= 0);
  if (!isCount || Number(minimumElements ?? 0) >= 2 ** 31)
    refuse("BAD_ARGUMENT", `minimumElements is ${minimumElements}, not a number of elements`);
  return {
    mode,
    io: io ?? "",
    weights: weights ?? "",
    target: target ?? "",
    symmetricActivations: symmetricActivations ?? false,
    minimumElements: minimumElements ?? -1,
    weightsOnly: weightsOnly ?? false,
    keepFloat: selectorTexts("keepFloat", recipe.keepFloat),
    keepInt16: selectorTexts("keepInt16", recipe.keepInt16),
  };
}

/** Selectors as the engine reads them. */
function selectorTexts(what: string, selectors: readonly NodeSelector[] = []): readonly string[] {
  if (!Array.isArray(selectors)) refuse("BAD_ARGUMENT", `${what} is not a list of operators`);
  const isIndex = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
  return selectors.map((selector) => {
    if (typeof selector === "string" && selector !== "") return selector;
    const { graph = 0, node } = (typeof selector === "object" && selector !== null ? selector : { node: selector }) as {
      graph?: number;
      node: unknown;
    };
    if (isIndex(graph) && isIndex(node)) return `${graph}:${node}`;
    return refuse(
      "BAD_ARGUMENT",
      `${what} holds ${JSON.stringify(selector)}`,
      "it can hold numbers of operators, {graph, node}, and names of operators or results",
    );
  });
}

export function oneOf(what: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === "string" && choices.includes(value)) return;
  refuse("BAD_ARGUMENT", `${what} is ${JSON.stringify(value)}`, `it can be ${choices.join(", ")}`);
}
