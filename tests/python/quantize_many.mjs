// Quantizes many models in one process and runs each result once: reads {package, jobs} as JSON, writes one line a job.
//   job: {model, samples: [[file of raw float32, ...], ...], output, recipe}
//   line: {ok: true, left: [places], outputs: [base64] or absent} or {ok: false, code, message}
// `outputs` are of the first sample, from our own runtime; integer inputs are quantized as their parameters say.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { package: entry, jobs } = JSON.parse(readFileSync(0, "utf8"));
const { calibrate, createSession, load, quantize } = await import(pathToFileURL(entry).href);

const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

const arrays = { int8: [Int8Array, -128, 127], uint8: [Uint8Array, 0, 255], int16: [Int16Array, -32768, 32767] };

/** Ties go to even, as in numpy. */
function rounded(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function inputFor(port, values) {
  if (port.type === "float32") return values;
  const [Kind, least, most] = arrays[port.type];
  const scale = Math.fround(port.quantization.scale[0]); // descriptions print the shortest text of a float32
  const zero = port.quantization.zeroPoint[0];
  return Kind.from(values, (value) => Math.min(most, Math.max(least, rounded(value / scale) + zero)));
}

async function run(job, models) {
  if (models.path !== job.model) {
    models.model?.dispose();
    Object.assign(models, { path: job.model, model: await load(job.model), statistics: undefined });
  }
  const samples = job.samples.map((files) => files.map(floats));
  if (!["dynamic", "float16"].includes(job.recipe.mode)) models.statistics ??= await calibrate(models.model, samples);
  const quantized = await quantize(models.model, job.recipe, models.statistics);
  const left = quantized.leftInFloat;
  writeFileSync(job.output, await quantized.save());
  const outputs = await outputsOf(quantized, samples[0]);
  quantized.dispose();
  return { ok: true, left, outputs };
}

/** [base64], or undefined for a model that holds an operator which is kept but not executed. */
async function outputsOf(model, sample) {
  try {
    const session = await createSession(model);
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
