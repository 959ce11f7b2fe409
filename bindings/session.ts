// Sessions: a model with its memory, ready to run.
import { callWith, Remote } from "./engine.js";
import { refuse } from "./errors.js";
import { handleOf, oneOf } from "./model.js";
import { bindSample, elementCount, signatureOf, tensorOf } from "./tensors.js";
import type {
  ElementType,
  Model,
  NodeTime,
  PortDescription,
  Sample,
  Session,
  SessionOptions,
  SignatureDescription,
  Tensor,
  Timing,
} from "./types.js";
import { withSignal } from "./work.js";

type Shapes = readonly (readonly number[])[];

/** The engine's answer: types and shapes in the order of the graph's inputs and outputs. */
interface RawPorts {
  readonly inputs: readonly { readonly type: ElementType; readonly shape: readonly number[] }[];
  readonly outputs: RawPorts["inputs"];
}

class SessionHandle implements Session {
  readonly remote: Remote;
  readonly model: Model;
  readonly #signature: SignatureDescription;
  #ports: RawPorts;

  constructor(remote: Remote, model: Model, signature: SignatureDescription, ports: RawPorts) {
    this.remote = remote;
    this.model = model;
    this.#signature = signature;
    this.#ports = ports;
  }

  get inputs(): readonly PortDescription[] {
    return withShapes(this.#signature.inputs, this.#ports.inputs);
  }

  get outputs(): readonly PortDescription[] {
    return withShapes(this.#signature.outputs, this.#ports.outputs);
  }

  get shapes(): Shapes {
    return this.#ports.inputs.map(({ shape }) => shape);
  }

  async run(inputs: Sample, options: { readonly signal?: AbortSignal } = {}): Promise<Record<string, Tensor>> {
    this.remote.check();
    const defaults = { signature: this.#signature.key, shapes: this.shapes };
    const { bytes, shapes, signature } = bindSample(inputs, [this.#signature], defaults, "the sample");
    if (JSON.stringify(shapes) !== JSON.stringify(this.shapes)) {
      refuse(
        "SHAPE_MISMATCH",
        `the inputs have the shapes ${JSON.stringify(shapes)}, the session has ${JSON.stringify(this.shapes)}`,
        "session.resize(...) changes them",
      );
    }
    const { result } = await callWith(
      [this.remote],
      "runSession",
      ([id = 0]) => [id, bytes],
      withSignal(options.signal),
    );
    return Object.fromEntries(
      signature.outputs.map((port, index): [string, Tensor] => {
        const { type } = this.#ports.outputs[index] ?? port;
        const shape = result.shapes[index] ?? port.shape;
        return [port.name, tensorOf(type, shape, result.outputs[index] ?? new Uint8Array())];
      }),
    );
  }

  async resize(inputShapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    this.remote.check();
    const shapes = shapesFor(this.#signature, inputShapes, this.shapes);
    const { result } = await callWith([this.remote], "resizeSession", ([id = 0]) => [id, shapes]);
    this.#ports = JSON.parse(result.description) as RawPorts;
  }

  async reset(): Promise<void> {
    this.remote.check();
    await callWith([this.remote], "resetSession", ([id = 0]) => [id]);
  }

  async measure(options: { readonly repeat?: number; readonly signal?: AbortSignal } = {}): Promise<Timing> {
    this.remote.check();
    const { repeat, signal } = { ...options, repeat: countOf(options.repeat) };
    const times: number[] = [];
    while (times.length < repeat) {
      const { result } = await callWith([this.remote], "timeSession", ([id = 0]) => [id, 1], withSignal(signal));
      times.push(...result.times);
    }
    times.sort((a, b) => a - b);
    const middle = times.length >> 1;
    const [upper = 0, lower = 0] = [times[middle], times[times.length % 2 ? middle : middle - 1]];
    return { medianMs: (upper + lower) / 2, minMs: times[0] ?? 0, runs: times.length };
  }

  async profile(
    options: { readonly repeat?: number; readonly signal?: AbortSignal } = {},
  ): Promise<readonly NodeTime[]> {
    this.remote.check();
    const { repeat, signal } = { ...options, repeat: countOf(options.repeat) };
    const calls = ([id = 0]: readonly number[]): [number, number] => [id, repeat];
    const { result } = await callWith([this.remote], "profileSession", calls, withSignal(signal));
    return result.steps;
  }

  dispose(): void {
    this.remote.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function countOf(repeat = 20): number {
  if (!Number.isInteger(repeat) || repeat < 1) refuse("BAD_ARGUMENT", `repeat is ${repeat}, not a count`);
  return repeat;
}

const withShapes = (ports: readonly PortDescription[], known: RawPorts["inputs"]): readonly PortDescription[] =>
  ports.map((port, index) => ({ ...port, ...known[index] }));

/** Shapes of all inputs in order; names that are no inputs and sizes that are none are refused. */
function shapesFor(
  signature: SignatureDescription,
  wanted: Readonly<Record<string, readonly number[]>>,
  present: Shapes,
): Shapes {
  for (const [name, shape] of Object.entries(wanted)) {
    if (!signature.inputs.some((port) => port.name === name)) {
      const list = signature.inputs.map((port) => `'${port.name}'`).join(", ");
      refuse("BAD_ARGUMENT", `there is no input '${name}'`, `the inputs are ${list}`);
    }
    const isShape = Array.isArray(shape) && shape.every((dim) => Number.isInteger(dim) && dim >= 0);
    if (!isShape || elementCount(shape) >= 2 ** 31)
      refuse("BAD_ARGUMENT", `the shape of '${name}' is not a list of sizes`);
  }
  return signature.inputs.map(({ name }, index) => wanted[name] ?? present[index] ?? []);
}

export async function createSessionOf(model: Model, options: SessionOptions): Promise<Session> {
  const { remote } = handleOf(model);
  const signature = signatureOf(model.describe().signatures, options.signature);
  if (options.kernels !== undefined) oneOf("kernels", options.kernels, ["optimized", "reference"]);
  const isReference = options.kernels === "reference";
  const initial = options.inputShapes
    ? shapesFor(
        signature,
        options.inputShapes,
        signature.inputs.map(({ shape }) => shape),
      )
    : null;
  const beside = besideOf(model, options);
  const open = async (shapes: Shapes | null): Promise<{ id: number; generation: number; ports: RawPorts }> => {
    const { result, generation } = await callWith(
      beside && !beside.remote.isDisposed ? [remote, beside.remote] : [remote],
      "makeSession",
      ([id = 0, besideId = 0]) => [id, signature.graph, shapes, isReference, besideId],
    );
    return { id: result.id, generation, ports: JSON.parse(result.description) as RawPorts };
  };
  const opened = await open(initial);
  // After a restart the session comes back with the shapes it had; state it kept between runs begins anew.
  const sessionRemote = new Remote(remote.engine, "session", async () => await open(session.shapes));
  sessionRemote.adopt(opened.id, opened.generation);
  const session: SessionHandle = new SessionHandle(sessionRemote, model, signature, opened.ports);
  return session;
}

/** The session whose variables are to be shared. */
function besideOf(model: Model, { variablesOf, kernels }: SessionOptions): SessionHandle | undefined {
  if (variablesOf === undefined) return undefined;
  if (!(variablesOf instanceof SessionHandle))
    return refuse("BAD_ARGUMENT", "variablesOf is not a Session", "createSession(...) makes them");
  variablesOf.remote.check();
  if (variablesOf.model !== model) refuse("BAD_ARGUMENT", "variablesOf is a session of another model");
  if (kernels !== undefined)
    refuse("BAD_ARGUMENT", "kernels are given beside variablesOf, whose kernels the session has");
  return variablesOf;
}
