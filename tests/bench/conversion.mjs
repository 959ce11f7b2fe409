// One conversion by our package, in a page or in Node: a float model to int8, calibrated on samples that are held already.
/* global performance */
import { makeInput } from "./measure.mjs";

/** Samples of about normal values, each its own; the memory of these is there before the conversion begins. */
let samples = [];

export function prepare({ count, shape }) {
  const whole = makeInput([count, ...shape], "float32");
  const size = whole.length / count;
  samples = Array.from({ length: count }, (_, index) => [whole.slice(index * size, (index + 1) * size)]);
  return {};
}

/** Of a model at an address or a path: {wallMs, stages: {loadMs, calibrateMs, quantizeMs, saveMs}, bytes, variant}. */
export async function convert(api, source) {
  const stages = {};
  let last = performance.now();
  const begin = last;
  const stage = (name) => {
    const now = performance.now();
    stages[`${name}Ms`] = now - last;
    last = now;
  };
  const model = await api.load(source);
  stage("load");
  const statistics = await api.calibrate(model, samples);
  stage("calibrate");
  const small = await api.quantize(model, { mode: "int8" }, statistics);
  stage("quantize");
  const file = await small.save();
  stage("save");
  const { variant } = await api.engine();
  return { wallMs: last - begin, stages, bytes: file.byteLength, variant };
}

/** In a page, by the package's worker. */
export const inPage = async ({ address }) => await convert(await import("/dist/web.js"), address);
