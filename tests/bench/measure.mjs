// One cell of the table, in a page or in Node: inputs, a runtime, a model; warmed up, then timed.
// An adapter exports create({bytes, inputs}) → {run, note}, where an input is {name, shape, type, data} and `run` gives
// the first output's numbers.
/* global performance */

const limits = { int8: [-128, 127, 0], uint8: [0, 255, 128], int16: [-32768, 32767, 0], int32: [0, 9, 0] };
const arrays = { float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array };

/** The same numbers for every runtime: about normal, in NHWC. Those of integers are steps of the float ones. */
export function makeInput(shape, type) {
  if (!(type in arrays)) throw new Error(`no input of ${type} is made`);
  const count = shape.reduce((product, dim) => product * dim, 1);
  let state = 12345;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const real = Float32Array.from({ length: count }, () => uniform() + uniform() + uniform() + uniform() - 2);
  if (type === "float32") return real;
  const [low, high, zero] = limits[type];
  return arrays[type].from(real, (value) => Math.min(high, Math.max(low, Math.round(value * 40) + zero)));
}

/** Bytes of every memory of WebAssembly made from now on. It never shrinks: what it is at last is what it was at most. */
export function watchMemory() {
  const memories = new Set();
  const exported = (instance) => {
    for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
  };
  const { Memory, Instance, instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.Memory = new Proxy(Memory, {
    construct: (target, args) => {
      const memory = new target(...args);
      memories.add(memory);
      return memory;
    },
  });
  WebAssembly.Instance = new Proxy(Instance, {
    construct: (target, args) => {
      const instance = new target(...args);
      exported(instance);
      return instance;
    },
  });
  const seen = (make) => async (source, imports) => {
    const made = await make.call(WebAssembly, source, imports);
    exported(made.instance ?? made);
    return made;
  };
  WebAssembly.instantiate = seen(instantiate);
  if (instantiateStreaming) WebAssembly.instantiateStreaming = seen(instantiateStreaming);
  return () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** What is shorter is timed with others of its kind. */
const shortMs = 0.5;

/** Runs until the optimizing compiler must be in, then times runs, short ones several at once: clocks are coarse. */
async function timed(run, { warmMs = 700, warmRuns = 10, measureMs = 700, leastRuns = 10, limitMs = 15000 }) {
  const begin = performance.now();
  for (let runs = 0; runs < warmRuns || performance.now() - begin < warmMs; ++runs) {
    await run();
    if (performance.now() - begin > limitMs) break;
  }
  const timeOf = async (count) => {
    const start = performance.now();
    for (let at = 0; at < count; ++at) await run();
    return (performance.now() - start) / count;
  };
  const count = Math.max(1, Math.ceil(shortMs / Math.max(await timeOf(3), 0.001)));
  const times = [];
  const from = performance.now();
  while (times.length < leastRuns || performance.now() - from < measureMs) {
    times.push(await timeOf(count));
    if (performance.now() - from > limitMs) break;
  }
  times.sort((a, b) => a - b);
  return { bestMs: times[0], medianMs: times[times.length >> 1], runs: times.length * count };
}

/**
 * From nothing to the first result (`startMs`: code, engine and model fetched, compiled and loaded, one run), then timed.
 * `open` gives {adapter, bytes}; `inputs` are {name, shape, type}.
 */
export async function measure(open, { inputs, timing = {} }) {
  const made = inputs.map((input) => ({ ...input, data: makeInput(input.shape, input.type) }));
  const wasmBytes = watchMemory();
  const begin = performance.now();
  const { adapter, bytes } = await open();
  const { run, note } = await adapter.create({ bytes, inputs: made });
  const first = performance.now();
  const output = [...(await run())].map(Number);
  const startMs = performance.now() - begin;
  const firstMs = performance.now() - first;
  return { startMs, firstMs, note, output, ...(await timed(run, timing)), wasmBytes: wasmBytes() };
}

/** In a page: `adapter` is a module of page/, `address` the model's. */
export const inPage = (cell) =>
  measure(async () => {
    const adapter = await import(`/bench/page/${cell.adapter}`);
    return { adapter, bytes: new Uint8Array(await (await fetch(cell.address)).arrayBuffer()) };
  }, cell);
