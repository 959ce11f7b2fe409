// Runs models of one operator: reads {package} and then lines {model, runs: [[{type, shape, data}]], kernels}, bytes in
// base64 (of strings {type, shape, strings}, one each; in results as the format stores them), and writes a line each:
// {outputs: [{type, shape, data}]}, those of all runs of one session, or {code, message}.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { package: entry } = JSON.parse((await lines.next()).value);
const { createSession, load } = await import(pathToFileURL(entry).href);

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bfloat16: Uint16Array,
  bool: Uint8Array,
};

function tensor({ type, shape, data, strings }) {
  if (type === "string") return { shape, strings: strings.map((text) => Buffer.from(text, "base64")) };
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return { type, shape, data: new arrays[type](bytes.buffer) };
}

const written = ({ type, shape, data }) => ({
  type,
  shape,
  data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
});

async function run({ model: file, runs, kernels }) {
  const model = await load(Uint8Array.from(Buffer.from(file, "base64")));
  try {
    const session = await createSession(model, { kernels });
    const names = model.describe().signatures[0].outputs.map(({ name }) => name);
    const outputs = [];
    for (const inputs of runs) {
      const results = await session.run(inputs.map(tensor));
      outputs.push(...names.map((name) => written(results[name])));
    }
    session.dispose();
    return { outputs };
  } finally {
    model.dispose();
  }
}

for await (const line of lines) {
  try {
    process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ code: error.code ?? "THROWN", message: error.message })}\n`);
  }
}
