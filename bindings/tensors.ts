// Between the caller's arrays and the bytes of tensors.
import { refuse } from "./errors.js";
import { storedStrings, stringsOf } from "./strings.js";
import type {
  ElementType,
  InputValue,
  PortDescription,
  Sample,
  SignatureDescription,
  StringValues,
  Tensor,
  TypedArray,
} from "./types.js";

interface ArrayOfType {
  new (buffer: ArrayBuffer, offset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

/** The array that holds each type in JavaScript; types that are missing cannot be given or read. */
const arrays: Partial<Record<ElementType, ArrayOfType>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  string: Uint8Array, // as they are stored
};

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

export function arrayType(type: ElementType): ArrayOfType {
  return arrays[type] ?? refuse("UNSUPPORTED_TYPE", `tensors of type ${type} have no array in JavaScript`);
}

/** A copy of bytes as the array of `type`. */
export function toArray(type: ElementType, bytes: Uint8Array): TypedArray {
  const Type = arrayType(type);
  const copy = new Uint8Array(bytes); // not slice(): that of a Buffer copies nothing
  return new Type(copy.buffer, 0, copy.byteLength / Type.BYTES_PER_ELEMENT);
}

/** A value of the engine's. */
export function tensorOf(type: ElementType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const data = toArray(type, bytes);
  return type === "string" ? { type, shape, data, strings: stringsOf(bytes) } : { type, shape, data };
}

/** The bytes under an array, not copied. */
export const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);

export const isTypedArray = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

/** Inputs of one run, in the order of the graph's inputs. */
export interface BoundInputs {
  readonly graph: number;
  readonly signature: SignatureDescription;
  readonly bytes: readonly Uint8Array[];
  readonly shapes: readonly (readonly number[])[];
}

/** The signature of that name, or the first. */
export function signatureOf(
  signatures: readonly SignatureDescription[],
  key: string | undefined,
): SignatureDescription {
  const found = key === undefined ? signatures[0] : signatures.find((one) => one.key === key);
  if (found) return found;
  const known = signatures.map((one) => `'${one.key}'`).join(", ");
  return refuse(
    "BAD_ARGUMENT",
    key === undefined ? "the model has no graph to run" : `the model has no signature '${key}'`,
    key === undefined ? "" : `its signatures: ${known}`,
  );
}

/**
 * Matches a sample to the inputs and checks types and sizes. `shapes` are those inputs have unless a value brings its
 * own; without them, the file's, where one unknown dimension is taken from the number of elements.
 */
export function bindSample(
  sample: Sample,
  signatures: readonly SignatureDescription[],
  defaults: { readonly signature?: string | undefined; readonly shapes?: readonly (readonly number[])[] },
  what: string,
): BoundInputs {
  const { key, values } = partsOf(sample, defaults.signature, what);
  const signature = signatureOf(signatures, key);
  const { inputs } = signature;
  const ordered = Array.isArray(values)
    ? inOrder(values as readonly InputValue[], inputs, what)
    : byName(values as Readonly<Record<string, InputValue>>, inputs, what);
  const bound = inputs.map((port, index) =>
    bindValue(ordered[index] as InputValue, port, defaults.shapes?.[index], `${what}, input '${port.name}'`),
  );
  return {
    graph: signature.graph,
    signature,
    bytes: bound.map((one) => one.bytes),
    shapes: bound.map((one) => one.shape),
  };
}

function partsOf(
  sample: Sample,
  signature: string | undefined,
  what: string,
): { key: string | undefined; values: unknown } {
  if (Array.isArray(sample) && sample.length === 2 && typeof sample[0] === "string") {
    return { key: sample[0], values: sample[1] };
  }
  if (isTypedArray(sample)) {
    return refuse("BAD_SAMPLE", `${what} is an array of numbers`, "give [array] or {name: array}");
  }
  if (typeof sample !== "object" || sample === null) return refuse("BAD_SAMPLE", `${what} is ${String(sample)}`);
  return { key: signature, values: sample };
}

function inOrder(
  values: readonly InputValue[],
  inputs: readonly PortDescription[],
  what: string,
): readonly InputValue[] {
  if (values.length === inputs.length) return values;
  return refuse("BAD_SAMPLE", `${what} has ${values.length} arrays, the model has ${inputs.length} inputs`);
}

function byName(
  values: Readonly<Record<string, InputValue>>,
  inputs: readonly PortDescription[],
  what: string,
): readonly InputValue[] {
  const names = inputs.map(({ name }) => name);
  const list = names.map((name) => `'${name}'`).join(", ");
  for (const name of Object.keys(values)) {
    if (!names.includes(name))
      refuse("BAD_SAMPLE", `${what} has '${name}', which is no input`, `the inputs are ${list}`);
  }
  return names.map((name) =>
    Object.hasOwn(values, name)
      ? (values[name] as InputValue)
      : refuse("BAD_SAMPLE", `${what} lacks the input '${name}'`, `the inputs are ${list}`),
  );
}

function bindValue(
  value: InputValue,
  port: PortDescription,
  expected: readonly number[] | undefined,
  what: string,
): { bytes: Uint8Array; shape: readonly number[] } {
  if (port.type === "string") return bindStrings(value, port, expected, what);
  const data = isTypedArray(value) ? value : (value as { readonly data?: unknown } | null)?.data;
  const Type = arrayType(port.type);
  const isClamped = Type === (Uint8Array as ArrayOfType) && data instanceof Uint8ClampedArray;
  if (!isTypedArray(data) || (data.constructor.name !== Type.name && !isClamped)) {
    const given = isTypedArray(data) ? data.constructor.name : data === null ? "null" : typeof data;
    return refuse("SHAPE_MISMATCH", `${what}: it is ${port.type}, which takes ${Type.name}, not ${given}`);
  }
  const own = isTypedArray(value) ? undefined : (value as { readonly shape?: readonly number[] }).shape;
  return { bytes: bytesOf(data), shape: shapeFor(data.length, own ?? expected, port, what) };
}

function bindStrings(
  value: InputValue,
  port: PortDescription,
  expected: readonly number[] | undefined,
  what: string,
): { bytes: Uint8Array; shape: readonly number[] } {
  const given = (Array.isArray(value) ? { strings: value as StringValues } : value) as {
    readonly strings?: unknown;
    readonly shape?: readonly number[];
  } | null;
  const strings = given?.strings;
  if (!Array.isArray(strings)) return refuse("BAD_SAMPLE", `${what}: it takes a list of strings`);
  const shape = shapeFor(strings.length, given?.shape ?? expected, port, what);
  return { bytes: storedStrings(strings as StringValues, what), shape };
}

/** The shape of so many elements: the one that is wanted, or what follows from their number. */
function shapeFor(
  count: number,
  wanted: readonly number[] | undefined,
  port: PortDescription,
  what: string,
): readonly number[] {
  const shape = wanted ?? inferred(port, count);
  checkShape(shape, port, what);
  if (elementCount(shape) !== count) {
    return refuse(
      "SHAPE_MISMATCH",
      `${what}: ${count} elements were given, the shape [${shape.join(", ")}] has ${elementCount(shape)}`,
    );
  }
  return shape;
}

/** The file's shape; a single unknown dimension takes what the number of elements gives it. */
function inferred(port: PortDescription, count: number): readonly number[] {
  const unknown = port.shapeSignature?.flatMap((dim, axis) => (dim < 0 ? [axis] : [])) ?? [];
  const [axis] = unknown;
  if (unknown.length !== 1 || axis === undefined) return port.shape;
  const rest = elementCount(port.shape.filter((_, other) => other !== axis));
  if (rest === 0 || count % rest !== 0) return port.shape;
  return port.shape.map((dim, other) => (other === axis ? count / rest : dim));
}

/** Shapes of the caller's may differ from the file's in any dimension; the engine refuses those that cannot run. */
function checkShape(shape: readonly number[], port: PortDescription, what: string): void {
  if (!Array.isArray(shape) || !shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    refuse("BAD_ARGUMENT", `${what}: a shape is a list of sizes`);
  }
  if (shape.length !== port.shape.length) {
    refuse(
      "SHAPE_MISMATCH",
      `${what}: the shape [${shape.join(", ")}] has ${shape.length} dimensions, the model's [${port.shape.join(", ")}] ` +
        `has ${port.shape.length}`,
    );
  }
}
