// Quantizes many models in one process and runs each result once: reads {package, jobs} as JSON, writes one line a job.
//   job: {model, samples: [[.npy, ...], ...], output, recipe}; without a recipe the model is brought back to floats
//   line: {ok: true, left: [places], outputs: [base64] or absent} or {ok: false, code, message}
// `outputs` are of the first sample, from our own runtime; reals are quantized as the parameters of integer inputs say.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { package: entry, jobs } = JSON.parse(readFileSync(0, "utf8"));
const { calibrate, createSession, dequantize, load, quantize, readArrays } = await import(pathToFileURL(entry).href);

const arrays = { int8: [Int8Array, -128, 127], uint8: [Uint8Array, 0, 255], int16: [Int16Array, -32768, 32767] };

/** Ties go to even, as in numpy. */
function rounded(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** A value for an input: reals become the integers that its parameters say. */
function inputFor(port, { data, shape }) {
  if (!(data instanceof Float32Array) || port.type === "float32") return { data, shape };
  const [Kind, least, most] = arrays[port.type];
  const scale = Math.fround(port.quantization.scale[0]); // descriptions print the shortest text of a float32
  const zero = port.quantization.zeroPoint[0];
  const stored = Kind.from(data, (value) => Math.min(most, Math.max(least, rounded(value / scale) + zero)));
  return { data: stored, shape };
}

async function sampleOf(files) {
  return Promise.all(files.map(async (file) => (await readArrays(readFileSync(file), file))[""]));
}

async function run(job, models) {
  if (models.path !== job.model) {
    models.model?.dispose();
    Object.assign(models, { path: job.model, model: await load(job.model), statistics: undefined });
  }
  const samples = await Promise.all(job.samples.map(sampleOf));
  const needsStatistics = job.recipe && !["dynamic", "float16"].includes(job.recipe.mode);
  if (needsStatistics) models.statistics ??= await calibrate(models.model, samples);
  const made = job.recipe
    ? await quantize(models.model, job.recipe, models.statistics)
    : await dequantize(models.model);
  const left = made.leftInFloat ?? [];
  writeFileSync(job.output, await made.save());
  const outputs = await outputsOf(made, samples[0]);
  made.dispose();
  return { ok: true, left, outputs };
}

/** [base64], or undefined for a model that holds an operator which is kept but not executed. */
async function outputsOf(model, sample) {
  try {
    const { inputs } = model.describe().signatures[0];
    const shapes = Object.fromEntries(inputs.map(({ name }, i) => [name, sample[i].shape]));
    const session = await createSession(model, { inputShapes: shapes });
    const outputs = await session.run(session.inputs.map((port, i) => inputFor(port, sample[i])));
    session.dispose();
    return Object.values(outputs).map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
    );
  } catch (error) {
    if (error.code === "UNSUPPORTED_OPERATOR") return undefined;
    throw error;
  }
}

const models = {};
for (const job of jobs) {
  try {
    console.log(JSON.stringify(await run(job, models)));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, code: error.code ?? "THROWN", message: error.message }));
  }
}
