// Random samples: for a smoke test only, and always marked as no real data.
import { arrayType, elementCount } from "../tensors.js";
import type { PortDescription, TypedArray } from "../types.js";

/** The same numbers everywhere for the same seed: 32-bit integers only. */
function makeGenerator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Floats evenly from [-1, 1); quantized integers from the whole of their type; other integers and booleans 0 or 1. */
export function randomValue(port: PortDescription, sample: number): TypedArray {
  const next = makeGenerator(Math.imul(sample + 1, 0x9e3779b1) ^ Math.imul(port.tensor + 1, 0x85ebca6b));
  const Type = arrayType(port.type);
  const count = elementCount(port.shape);
  const values = new Type(new ArrayBuffer(count * Type.BYTES_PER_ELEMENT), 0, count);
  for (let i = 0; i < count; i++) {
    const bits = next();
    if (values instanceof Float32Array || values instanceof Float64Array) values[i] = bits / 2 ** 31 - 1;
    else if (values instanceof BigInt64Array || values instanceof BigUint64Array) values[i] = BigInt(bits & 1);
    else if (port.type === "float16") values[i] = 0x3c00 - (bits & 0x7ff);
    else values[i] = port.quantization ? bits : bits & 1;
  }
  return values;
}
