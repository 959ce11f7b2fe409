// Between lists of strings and their bytes in a tensor: how many, the offset of each and of the end (int32 each), then the
// characters of all.
import { refuse } from "./errors.js";
import type { StringValues } from "./types.js";

export function storedStrings(strings: StringValues, what: string): Uint8Array {
  const encoder = new TextEncoder();
  const parts = strings.map((one, index): Uint8Array => {
    if (typeof one === "string") return encoder.encode(one);
    if (one instanceof Uint8Array) return one;
    return refuse("BAD_SAMPLE", `${what}: value ${index} is no string but ${one === null ? "null" : typeof one}`);
  });
  let at = 4 * (parts.length + 2);
  const size = parts.reduce((sum, part) => sum + part.length, at);
  if (size >= 2 ** 31) refuse("TOO_LARGE", `${what}: its strings take ${size} bytes`);
  const bytes = new Uint8Array(size);
  const numbers = new DataView(bytes.buffer);
  numbers.setInt32(0, parts.length, true);
  parts.forEach((part, index) => {
    numbers.setInt32(4 * (index + 1), at, true);
    bytes.set(part, at);
    at += part.length;
  });
  numbers.setInt32(4 * (parts.length + 1), at, true);
  return bytes;
}

/** The texts of bytes that the engine made, or a file that it has checked; what is not UTF-8 becomes U+FFFD. */
export function stringsOf(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = (index: number): number => numbers.getInt32(4 * (index + 1), true);
  return Array.from({ length: numbers.getInt32(0, true) }, (_, index) =>
    decoder.decode(bytes.subarray(offset(index), offset(index + 1))),
  );
}
