// Arrays in files: .npy and .npz, read and written.
import { unzipSync, zipSync } from "fflate";
import type { Engine } from "../engine.js";
import { LiteQuantError, messageOf, refuse } from "../errors.js";
import { arrayType, bytesOf, elementCount } from "../tensors.js";
import type { ElementType, Tensor, TypedArray } from "../types.js";

const mostEntries = 10_000;
const mostBytes = 2 ** 31 - 1;
/** More than any header has. */
const headerBytes = 1 << 16;
/** Files in a zip carry a date; a fixed one gives the same bytes for the same contents. */
const fixedDate = "1980-01-01T00:00:00";

/** A named array whose values are read in slices: `bytes` is all of them, not copied. */
export interface StoredArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export async function readNpy(engine: Engine, file: Uint8Array, name: string): Promise<StoredArray> {
  try {
    let beginning = file.subarray(0, headerBytes);
    let header;
    try {
      header = await engine.call("npyHeader", [beginning, file.byteLength]);
    } catch (error) {
      if (beginning.byteLength === file.byteLength) throw error;
      beginning = file.subarray(0, 1 << 21);
      header = await engine.call("npyHeader", [beginning, file.byteLength]);
    }
    const type = header.type as ElementType;
    const size = arrayType(type).BYTES_PER_ELEMENT * elementCount(header.shape);
    const bytes = header.isPlain
      ? file.subarray(header.dataOffset, header.dataOffset + size)
      : (await engine.call("npyArray", [file])).bytes;
    return { type, shape: header.shape, bytes };
  } catch (error) {
    throw error instanceof LiteQuantError
      ? new LiteQuantError({ code: error.code, message: `${name}: ${error.message}`, hint: error.hint })
      : error;
  }
}

/** Entries of a zip by name. Headers are not trusted: what they state is bounded before anything is unpacked. */
export function unzip(file: Uint8Array, name: string): Map<string, Uint8Array> {
  let total = 0;
  let count = 0;
  try {
    const entries = unzipSync(file, {
      filter: (entry) => {
        total += entry.originalSize;
        if (++count > mostEntries) refuse("TOO_LARGE", `${name} has more than ${mostEntries} entries`);
        if (total > mostBytes) refuse("TOO_LARGE", `${name} unpacks to more than 2 GiB`);
        return !entry.name.endsWith("/");
      },
    });
    return new Map(Object.entries(entries));
  } catch (error) {
    if (error instanceof LiteQuantError) throw error;
    return refuse("BAD_SAMPLE", `${name} is not a usable zip archive: ${messageOf(error)}`);
  }
}

/** Arrays of an .npz by name, or of an .npy by the name "". */
export async function readArrays(engine: Engine, file: Uint8Array, name: string): Promise<Map<string, StoredArray>> {
  const isZip = file[0] === 0x50 && file[1] === 0x4b; // "PK": an .npz by another name
  if (!isZip && !name.toLowerCase().endsWith(".npz")) return new Map([["", await readNpy(engine, file, name)]]);
  const arrays = new Map<string, StoredArray>();
  for (const [entry, bytes] of unzip(file, name)) {
    arrays.set(entry.replace(/\.npy$/, ""), await readNpy(engine, bytes, `${name}: ${entry}`));
  }
  return arrays;
}

/** Bytes of an .npz; the same arrays in the same order give the same bytes. */
export async function writeNpz(engine: Engine, arrays: Readonly<Record<string, Tensor>>): Promise<Uint8Array> {
  const entries: Record<string, Uint8Array> = {};
  for (const [name, tensor] of Object.entries(arrays)) entries[`${name}.npy`] = await writeNpy(engine, tensor);
  return zipSync(entries, { level: 0, mtime: fixedDate });
}

export async function writeNpy(engine: Engine, { type, shape, data }: Tensor): Promise<Uint8Array> {
  const { bytes: header } = await engine.call("newNpyHeader", [type, shape]);
  const values = bytesOf(data);
  const file = new Uint8Array(header.byteLength + values.byteLength);
  file.set(header);
  file.set(values, header.byteLength);
  return file;
}

/** Slice `index` of `count` equal ones, as an array of the caller's own; float64 and float16 become float32. */
export function sliceOf(array: StoredArray, index: number, count: number, wanted: ElementType): TypedArray {
  const size = array.bytes.byteLength / count;
  const bytes = array.bytes.slice(index * size, (index + 1) * size);
  const Type = arrayType(array.type);
  const values = new Type(bytes.buffer, 0, size / Type.BYTES_PER_ELEMENT);
  if (wanted !== "float32" || array.type === "float32") return values;
  if (array.type === "float64") return Float32Array.from(values as Float64Array);
  if (array.type === "float16") return Float32Array.from(values as Uint16Array, halfToFloat);
  return values;
}

/** True if `sliceOf` gives what the input takes. */
export function suits(stored: ElementType, wanted: ElementType): boolean {
  return stored === wanted || (wanted === "float32" && (stored === "float64" || stored === "float16"));
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + mantissa) : 2 ** -24 * mantissa);
}
