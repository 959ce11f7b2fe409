// Picks the build of the engine that can run here, and starts it.
import createRelaxed from "#glue/relaxed";
import createSimd from "#glue/simd";
import { messageOf, refuse } from "./errors.js";
import type { NativeModule } from "./native.js";
import type { StartOptions } from "./protocol.js";
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

/** Starts an engine of its own: memory and handles are shared with no other. */
export async function startModule({ variant, wasm }: StartOptions): Promise<NativeModule> {
  const module = typeof wasm === "string" ? await fetchModule(wasm) : await compile(wasm, "the bytes given");
  const create = variant === "relaxed" ? createRelaxed : createSimd;
  return await new Promise<NativeModule>((resolve, reject) => {
    create({
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(module, imports)
          .then((instance) => done(instance, module))
          .catch(reject);
        return {};
      },
      print: () => undefined,
      printErr: () => undefined,
    }).then((started) => resolve(started as NativeModule), reject);
  }).catch((error: unknown) =>
    refuse(
      "ENGINE_NOT_LOADED",
      `the WebAssembly engine could not be started: ${messageOf(error)}`,
      "wasmURL or wasmBinary must be the .wasm file of this very version and variant",
    ),
  );
}

async function fetchModule(address: string): Promise<WebAssembly.Module> {
  let bytes: ArrayBuffer;
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    bytes = await response.arrayBuffer();
  } catch (error) {
    return refuse(
      "ENGINE_NOT_LOADED",
      `the WebAssembly file could not be fetched from ${address}: ${messageOf(error)}`,
      "serve litequant-simd.wasm and litequant-relaxed.wasm beside the script, or pass wasmURL or wasmBinary",
    );
  }
  return await compile(bytes, address);
}

async function compile(bytes: Uint8Array | ArrayBuffer, from: string): Promise<WebAssembly.Module> {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const isWasm = view[0] === 0 && view[1] === 0x61 && view[2] === 0x73 && view[3] === 0x6d;
  if (!isWasm) {
    const isPage = view[0] === 0x3c;
    return refuse(
      "ENGINE_NOT_LOADED",
      `${isPage ? "an HTML page" : "something that is not WebAssembly"} came from ${from}`,
      "copy the .wasm files of the package to where they are looked for, or pass wasmURL or wasmBinary",
    );
  }
  return await WebAssembly.compile(view as BufferSource);
}
