// Starts a build of the engine.
import createRelaxed from "#glue/relaxed";
import createSimd from "#glue/simd";
import { messageOf, refuse } from "./errors.js";
import type { NativeModule } from "./native.js";
import type { StartOptions } from "./protocol.js";

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
