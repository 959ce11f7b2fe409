// LiteRT.js: it takes its relaxed-SIMD build itself where the browser has it.
/* global performance */
import { Tensor, loadLiteRt } from "@litertjs/core";

export async function create({ bytes, input, shape }) {
  const begin = performance.now();
  const runtime = await loadLiteRt("/peers/@litertjs/core/wasm/", {});
  const initMs = performance.now() - begin;
  const model = await runtime.loadAndCompile(bytes, { accelerator: "wasm", cpuOptions: { numThreads: 1 } });
  const loadMs = performance.now() - begin - initMs;
  const tensor = new Tensor(input, shape);
  const run = async () => {
    const outputs = await model.run([tensor]);
    const values = outputs[0].toTypedArray();
    for (const output of outputs) output.delete();
    return values;
  };
  return { initMs, loadMs, run, note: "" };
}
