// Emscripten's JavaScript of a variant, as the package build resolves it: `import create from "#glue/simd"`.

declare module "#glue/*" {
  /** Starts an instance. It fetches nothing: give it the bytes, or instantiate a compiled module yourself. */
  const create: (options: {
    wasmBinary?: Uint8Array | ArrayBuffer;
    instantiateWasm?: (
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) => object;
    print?: (line: string) => void;
    printErr?: (line: string) => void;
  }) => Promise<object>;
  export default create;
}
