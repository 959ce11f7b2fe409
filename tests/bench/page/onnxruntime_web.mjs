// onnxruntime-web on the file's ONNX twin, its processor engine with one thread.
export async function create(given) {
  const library = await import("/peers/onnxruntime-web/dist/ort.wasm.min.mjs");
  library.env.wasm.wasmPaths = "/peers/onnxruntime-web/dist/";
  return await open(library, given);
}

/** The rest, which Node does alike. */
export async function open(library, { bytes, inputs }) {
  library.env.wasm.numThreads = 1;
  library.env.logLevel = "error";
  const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  const session = await library.InferenceSession.create(bytes, options);
  // A twin's inputs are in the order of the file's own.
  const feeds = Object.fromEntries(
    inputs.map(({ type, data, shape }, index) => [session.inputNames[index], new library.Tensor(type, data, shape)]),
  );
  return { run: async () => (await session.run(feeds))[session.outputNames[0]].data };
}
