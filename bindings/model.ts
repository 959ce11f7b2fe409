// Models: loaded, described, saved, quantized.
import { inflateSync } from "fflate";
import { callWith, Remote } from "./engine.js";
import type { Engine } from "./engine.js";
import { refuse } from "./errors.js";
import type { NewModel } from "./native.js";
import { reporting } from "./progress.js";
import { jsonOf } from "./statistics.js";
import type { Model, ModelDescription, Mode, PortDescription, Recipe, Statistics, WorkOptions } from "./types.js";

export const modes: readonly Mode[] = ["dynamic", "int8", "int8-only", "float16"];
const largestLabelsFile = 1 << 24;

/** What the engine's description lacks: class names are in a file of their own. */
type RawPort = PortDescription & { readonly labelsFile?: string };

export class ModelHandle implements Model {
  readonly name: string;
  readonly byteLength: number;
  readonly remote: Remote;
  readonly #file: Uint8Array;
  readonly #isOurs: boolean;
  readonly #description: ModelDescription;

  /** `file` belongs to the handle; `isOurs`: it was written by `save` already. */
  constructor(name: string, file: Uint8Array, isOurs: boolean, remote: Remote, description: ModelDescription) {
    this.name = name;
    this.byteLength = file.byteLength;
    this.#file = file;
    this.#isOurs = isOurs;
    this.remote = remote;
    this.#description = description;
  }

  describe(): ModelDescription {
    this.remote.check();
    return this.#description;
  }

  async save(): Promise<Uint8Array> {
    this.remote.check();
    if (this.#isOurs) return this.#file.slice();
    return (await callWith([this.remote], "save", ([id = 0]) => [id])).result.bytes;
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

async function adopt(
  engine: Engine,
  generation: number,
  file: Uint8Array,
  isOurs: boolean,
  made: NewModel,
  name: string,
): Promise<Model> {
  const remote = new Remote(engine, "model", async () => {
    const { id } = await engine.call("load", [file]);
    return { id, generation: engine.generation };
  });
  remote.adopt(made.id, generation);
  const raw = JSON.parse(made.description) as ModelDescription;
  const description = { ...raw, byteLength: file.byteLength, signatures: await withLabels(remote, raw) };
  return new ModelHandle(name, file, isOurs, remote, description);
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
  checkRecipe(recipe);
  const text = statistics ? JSON.stringify(jsonOf(statistics)) : "";
  const native = {
    mode: recipe.mode,
    io: recipe.io ?? "",
    weights: recipe.weights ?? "",
    keepFloat: (recipe.keepFloat ?? []).map(({ graph = 0, node }): [number, number] => [graph, node]),
  };
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

function checkRecipe(recipe: Recipe): void {
  if (typeof recipe !== "object" || recipe === null)
    refuse("BAD_ARGUMENT", "the recipe is not an object", 'try {mode: "int8"}');
  oneOf("mode", recipe.mode, modes);
  if (recipe.io !== undefined) oneOf("io", recipe.io, ["float32", "int8", "uint8"]);
  if (recipe.weights !== undefined) oneOf("weights", recipe.weights, ["per-channel", "per-tensor"]);
  for (const kept of recipe.keepFloat ?? []) {
    const isPlace = Number.isInteger(kept?.node) && (kept.graph === undefined || Number.isInteger(kept.graph));
    if (!isPlace) refuse("BAD_ARGUMENT", "keepFloat holds something that is not {graph, node}");
  }
}

export function oneOf(what: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === "string" && choices.includes(value)) return;
  refuse("BAD_ARGUMENT", `${what} is ${JSON.stringify(value)}`, `it can be ${choices.join(", ")}`);
}
