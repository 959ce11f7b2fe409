// Time per node of one model in our engine, and what the instructions give at most: in a page or in Node.
/* global performance */
import { makeInput } from "./measure.mjs";
import { measurePeaks } from "./peak.mjs";

/** The better of two measurements of each instruction. */
const better = (first, second) =>
  first.map((peak, index) => ({ ...peak, rate: Math.max(peak.rate, second[index].rate) }));

/** The least step of the clock, in ms. */
function clockStep() {
  let least = Infinity;
  for (let i = 0; i < 20; ++i) {
    const begin = performance.now();
    let now = begin;
    while (now === begin) now = performance.now();
    least = Math.min(least, now - begin);
  }
  return least;
}

/** {variant, clockMs, peaks, minMs of a whole run, steps}; a step is {node, operator, inputs, outputs, ms, operations}. */
export async function profileModel(api, { bytes, variant, repeat = 100 }) {
  api.configure({ thread: "in-thread", ...(variant && { variant }) });
  const before = measurePeaks();
  const model = await api.load(bytes);
  const session = await api.createSession(model);
  const sample = Object.fromEntries(
    session.inputs.map(({ name, shape, type }) => [name, { type, shape, data: makeInput(shape, type) }]),
  );
  await session.run(sample);
  await session.measure({ repeat });
  const { minMs } = await session.measure({ repeat });
  const times = await session.profile({ repeat });
  const { graphs } = model.describe();
  const steps = times.map(({ graph, node, ms, operations }) => {
    const { tensors, nodes } = graphs[graph];
    const of = (indices) =>
      indices.map((index) => (index < 0 ? null : { type: tensors[index].type, shape: tensors[index].shape }));
    const { operator, inputs, outputs } = nodes[node];
    return { graph, node, operator, inputs: of(inputs), outputs: of(outputs), ms, operations };
  });
  const { variant: used } = await api.engine();
  return { variant: used, clockMs: clockStep(), peaks: better(before, measurePeaks()), minMs, steps };
}

/** In a page: the model is at `address`. */
export async function inPage({ address, ...given }) {
  const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
  return await profileModel(await import("/dist/web.js"), { ...given, bytes });
}
