// Which build of the engine can run here.
import { refuse } from "./errors.js";
import type { Variant } from "./types.js";

// (module (func (result v128) i32.const 0 i8x16.splat i32.const 0 i8x16.splat i8x16.relaxed_swizzle))
const relaxedProbe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  253, 128, 2, 11,
];
// The same without the relaxed instruction: (func (result v128) i32.const 0 i8x16.splat)
const simdProbe = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];

/** Browsers that are locked down have no WebAssembly at all. */
const runs = (probe: readonly number[]): boolean =>
  typeof WebAssembly === "object" && WebAssembly.validate(new Uint8Array(probe));

/** The fastest build this machine can run. */
export function bestVariant(): Variant {
  if (runs(relaxedProbe)) return "relaxed";
  if (runs(simdProbe)) return "simd";
  return refuse(
    "ENGINE_NOT_LOADED",
    "this browser or Node has no WebAssembly SIMD",
    "Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 are the first to have it",
  );
}
