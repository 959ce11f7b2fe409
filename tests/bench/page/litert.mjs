// LiteRT.js: it takes its relaxed-SIMD build itself where the browser has it.
export const create = async (given) => await open(await import("@litertjs/core"), "/peers/@litertjs/core/wasm/", given);

/** The rest, which Node does alike; `wasm` is the folder of its engine. */
export async function open({ Tensor, loadLiteRt }, wasm, { bytes, inputs }) {
  const runtime = await loadLiteRt(wasm, {});
  const model = await runtime.loadAndCompile(bytes, { accelerator: "wasm", cpuOptions: { numThreads: 1 } });
  const tensors = inputs.map(({ data, shape }) => new Tensor(data, shape));
  const run = async () => {
    const outputs = await model.run(tensors);
    const values = outputs[0].toTypedArray();
    for (const output of outputs) output.delete();
    return values;
  };
  return { run };
}
