// Runs models several times in one session each, and quantizes them: reads {package, jobs} as JSON, writes one line a job.
//   job: {model, runs: [[{type, shape, data: base64}, ...], ...], recipe?, output?, sequence?}
//   Strings are given as {type, shape, strings: [base64, ...]}; in results, `data` is how the format stores them.
//   Runs of several signatures, in sessions that share their variables: [key, [...]] each.
//   line: {ok: true, runs: [[{type, shape, data}, ...], ...], left?} or {ok: false, code, message}
// With a recipe the model is calibrated on `runs`, quantized, written to `output`, and it is the result that is run.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { package: entry, jobs } = JSON.parse(readFileSync(0, "utf8"));
const { calibrate, createSession, load, quantize } = await import(pathToFileURL(entry).href);

const arrays = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array };

function tensor({ type, shape, data, strings }) {
  if (type === "string") return { shape, strings: strings.map((text) => Buffer.from(text, "base64")) };
  const bytes = Buffer.from(data, "base64");
  return { type, shape, data: new arrays[type](new Uint8Array(bytes).buffer) };
}

const written = ({ type, shape, data }) => ({
  type,
  shape,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
});

async function made(job, runs) {
  const model = await load(job.model);
  if (!job.recipe) return { model };
  const needsSamples = !["dynamic", "float16"].includes(job.recipe.mode);
  const quantized = await quantize(
    model,
    job.recipe,
    needsSamples ? await calibrate(model, runs, { sequence: job.sequence ?? 1 }) : undefined,
  );
  writeFileSync(job.output, await quantized.save());
  return { model: quantized, left: quantized.leftInFloat };
}

async function run(job) {
  const inputs = job.runs.map((sample) =>
    typeof sample[0] === "string" ? [sample[0], sample[1].map(tensor)] : sample.map(tensor),
  );
  const { model, left } = await made(job, inputs);
  const sessions = new Map();
  const runs = [];
  for (const sample of inputs) {
    const signature = typeof sample[0] === "string" ? sample[0] : undefined;
    const values = signature === undefined ? sample : sample[1];
    const shapes = values.map(({ shape }) => shape);
    let session = sessions.get(signature);
    if (!session) {
      const [variablesOf] = sessions.values();
      session = await createSession(model, { signature, variablesOf });
      sessions.set(signature, session);
    }
    const names = session.inputs.map(({ name }) => name);
    if (signature !== undefined) await session.resize(Object.fromEntries(names.map((name, i) => [name, shapes[i]])));
    runs.push(Object.values(await session.run(values)).map(written));
  }
  for (const session of sessions.values()) session.dispose();
  model.dispose();
  return { ok: true, runs, left };
}

for (const job of jobs) {
  try {
    console.log(JSON.stringify(await run(job)));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, code: error.code ?? "THROWN", message: error.message }));
  }
}
