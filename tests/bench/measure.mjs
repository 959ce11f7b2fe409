// One cell of the table, in a page or in Node: an input, a runtime, a model; warmed up, then timed.
// An adapter exports create({bytes, input, shape, options}) → {run, initMs, loadMs, note}, `run` giving the first
// output's numbers.
/* global performance */

/** The same numbers for every runtime: about normal, in NHWC. Quantized ones are steps of the float ones. */
export function makeInput(shape, type) {
  const count = shape.reduce((product, dim) => product * dim, 1);
  let state = 12345;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const real = Float32Array.from({ length: count }, () => uniform() + uniform() + uniform() + uniform() - 2);
  const stored = (low, high, zero) => real.map((value) => Math.min(high, Math.max(low, Math.round(value * 40) + zero)));
  switch (type) {
    case "int8":
      return Int8Array.from(stored(-128, 127, 0));
    case "uint8":
      return Uint8Array.from(stored(0, 255, 128));
    case "int16":
      return Int16Array.from(stored(-32768, 32767, 0));
    default:
      return real;
  }
}

/** Runs until the optimizing compiler must be in, then times single runs. */
async function timed(run, { warmMs = 700, warmRuns = 10, measureMs = 700, leastRuns = 10, limitMs = 15000 }) {
  const begin = performance.now();
  let firstMs;
  let output;
  for (let runs = 0; runs < warmRuns || performance.now() - begin < warmMs; ++runs) {
    const start = performance.now();
    output = await run();
    firstMs ??= performance.now() - start;
    if (performance.now() - begin > limitMs) break;
  }
  const times = [];
  const from = performance.now();
  while (times.length < leastRuns || performance.now() - from < measureMs) {
    const start = performance.now();
    output = await run();
    times.push(performance.now() - start);
    if (performance.now() - from > limitMs) break;
  }
  times.sort((a, b) => a - b);
  return { firstMs, bestMs: times[0], medianMs: times[times.length >> 1], runs: times.length, output: [...output] };
}

/** `cell`: {bytes, shape, type, options, timing}. */
export async function measure(adapter, cell) {
  const made = await adapter.create({ ...cell, input: makeInput(cell.shape, cell.type) });
  const times = await timed(made.run, cell.timing ?? {});
  return { ...times, startMs: made.initMs + made.loadMs, note: made.note };
}
