// `npm run report -- exact`: every model of the zoo on its own data, our results beside those of TensorFlow Lite's
// reference kernels, and the same results in Node, in Chromium and in a native build. Where all numbers are integers, all
// must be equal; floats within 1e-4 of the largest magnitude of their tensor. A row that is not so is a failure.
//   npm run report -- exact [--write] [--only PART-OF-A-NAME] [--node]      --node: no Chromium, no native build
// Inputs and what TensorFlow Lite gives for them (tests/python/exact_reference.py) are kept in .cache/exact.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buildVariant } from "./cmake.mjs";
import { readRuns, runsOf, writeRuns } from "./exact_data.mjs";
import { digestOf, distance, runRecorded } from "./exact_run.mjs";
import { zoo } from "./models.mjs";
import { pythonWithTensorFlow } from "./python.mjs";
import { serve } from "./serve.mjs";
import { Failure, cache, inRoot, must, root, say } from "./system.mjs";

const folder = join(cache, "exact");
const page = inRoot("web/docs/exactness.md");
const tolerance = 1e-4;

function zooModels() {
  return ["derived", "models"]
    .flatMap((part) => readdirSync(join(zoo, part), { recursive: true }).map((file) => join(part, String(file))))
    .filter((file) => file.endsWith(".tflite"))
    .map((file) => file.replace(/\.tflite$/, ""))
    .sort();
}

const modelFile = (name) => join(zoo, `${name}.tflite`);
const at = (name, file) => join(folder, name, file);

// ---- What is compared -----------------------------------------------------------------------------------------------

/** Writes the inputs, unless they are there and newer than what makes them. */
async function record(api, name) {
  const target = at(name, "inputs.json");
  const sources = [modelFile(name), inRoot(".scripts/exact_data.mjs")];
  const made = existsSync(target) ? statSync(target).mtimeMs : 0;
  if (sources.every((file) => statSync(file).mtimeMs < made)) return;
  mkdirSync(join(folder, name), { recursive: true });
  const model = await api.load(modelFile(name));
  const runs = await runsOf(api, name, model);
  model.dispose();
  // The same inputs as before leave what was made of them as it is.
  const before = existsSync(target) ? [readFileSync(target), readFileSync(at(name, "inputs.bin"))] : [];
  writeRuns(at(name, "inputs"), { model: `${name}.tflite`, ...runs });
  const after = [readFileSync(target), readFileSync(at(name, "inputs.bin"))];
  if (!before.every((bytes, index) => bytes.equals(after[index])) || before.length === 0)
    rmSync(at(name, "reference.json"), { force: true });
}

async function refer(names) {
  const missing = names.filter((name) => !existsSync(at(name, "reference.json")));
  if (missing.length === 0) return;
  say(`TensorFlow Lite's reference kernels: ${missing.length} models`);
  await must(await pythonWithTensorFlow(), ["tests/python/exact_reference.py", folder, ...missing]);
}

// ---- The other engines ----------------------------------------------------------------------------------------------

/** {digest, distance} of a variant in Chromium, for each name. */
async function inChromium(names, chromiumPath) {
  const { chromium } = await import("@playwright/test");
  const link = join(folder, "zoo");
  if (!existsSync(link)) symlinkSync(zoo, link);
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>litequant</title>\n");
  const { address, close } = await serve(root, 8400);
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  const results = new Map();
  try {
    for (const name of names) {
      const page = await browser.newPage();
      await page.goto(`${address}.cache/exact/`);
      results.set(name, await page.evaluate(runInPage, name));
      await page.close();
    }
  } finally {
    await browser.close();
    close();
  }
  return results;
}

/** Within the page: what each variant gives; `relaxed` may fuse multiply and add of floats, so how far it goes is told. */
async function runInPage(name) {
  const [api, { digestOf, distance, runRecorded, withElements }] = await Promise.all([
    import("/dist/web.js"),
    import("/.scripts/exact_run.mjs"),
  ]);
  const fetched = async (path) => (await fetch(path)).arrayBuffer();
  const json = async (path) => (await fetch(path)).json();
  const base = `/.cache/exact/${name}`;
  const record = withElements(await json(`${base}/inputs.json`), await fetched(`${base}/inputs.bin`));
  const file = new Uint8Array(await fetched(`/.cache/exact/zoo/${name}.tflite`));
  const found = {};
  const results = {};
  for (const variant of ["simd", "relaxed"]) {
    api.configure({ variant, thread: "in-thread" });
    try {
      results[variant] = await runRecorded(api, file, record);
      found[variant] = { digest: await digestOf(results[variant]), variant: (await api.engine()).variant };
    } catch (error) {
      found[variant] = { failure: error.message };
    }
    api.shutdown();
  }
  if (results.simd && results.relaxed) found.relaxed.share = distance(results.relaxed, results.simd).share;
  return found;
}

async function inNative(names, tools) {
  const built = await buildVariant("native", ["run_recorded"], tools);
  await must(join(built, "run_recorded"), [zoo, folder, ...names]);
}

/** What the native build, with sanitizers, gave for a model. */
async function nativeDigest(name) {
  const { failure } = JSON.parse(readFileSync(at(name, "native.json"), "utf8"));
  return failure === undefined ? { digest: await digestOf(readRuns(at(name, "native"))) } : { failure };
}

// ---- The table ------------------------------------------------------------------------------------------------------

/** What the numbers within a model are: where all are integers, nothing may differ. */
function kindOf(model) {
  const { graphs } = model.describe();
  const of = (tensors) => new Set(tensors.map(({ type }) => type));
  const computed = of(graphs.flatMap(({ tensors }) => tensors.filter(({ isConstant }) => !isConstant)));
  const constants = of(graphs.flatMap(({ tensors }) => tensors.filter(({ isConstant }) => isConstant)));
  const operators = model.describe().operators.map(({ operator }) => operator);
  const borders = new Set(["QUANTIZE", "DEQUANTIZE", "TFLite_Detection_PostProcess"]);
  const floatNodes = graphs
    .flatMap((graph) => graph.nodes.map((node) => ({ graph, node })))
    .filter(({ node }) => !borders.has(node.operator))
    .filter(({ graph, node }) =>
      [...node.inputs, ...node.outputs].some((index) => index >= 0 && graph.tensors[index].type === "float32"),
    );
  if (floatNodes.length === 0) return operators.length > 0 && computed.has("int16") ? "int16" : "integer";
  if (computed.has("int8") || computed.has("uint8") || computed.has("int16")) return "mixed";
  if (constants.has("int8") || constants.has("int4")) return "dynamic";
  return constants.has("float16") ? "float16" : "float";
}

async function rowOf(api, name) {
  const model = await api.load(modelFile(name));
  const kind = kindOf(model);
  model.dispose();
  const inputs = readRuns(at(name, "inputs"));
  const row = { name, kind, runs: inputs.runs.length };
  try {
    const own = await runRecorded(api, modelFile(name), inputs);
    row.digest = await digestOf(own);
    writeRuns(at(name, "node"), own);
    const reference = JSON.parse(readFileSync(at(name, "reference.json"), "utf8"));
    row.kernels = reference.kernels;
    if (reference.failure !== undefined) row.unrun = reference.failure;
    else row.distance = distance(own, readRuns(at(name, "reference")));
  } catch (error) {
    row.failure = error.message;
  }
  return row;
}

const isExact = ({ kind, distance: found }) =>
  found !== undefined &&
  found.failure === undefined &&
  (found.different === 0 || (!["integer", "int16"].includes(kind) && found.share <= tolerance));

/** Where the bytes of the results are the same; relaxed SIMD may fuse the multiply and the add of floats. */
function engines({ digest, chromium, native }) {
  const told = [];
  const tell = (label, result) => {
    if (result === undefined) return;
    if (result.failure !== undefined) told.push(`${label} fails: ${result.failure}`);
    else if (result.digest === digest) told.push(label);
    else told.push(result.share === undefined ? `not ${label}` : `${label} within ${result.share.toExponential(1)}`);
  };
  tell("Chromium", chromium?.simd);
  tell("Chromium relaxed", chromium?.relaxed);
  tell("native", native);
  return told.join(", ");
}

/** A row that something speaks against. */
function isFailure(row) {
  if (row.unrun === undefined && !isExact(row)) return true;
  const mustBeEqual = [row.chromium?.simd, row.native];
  if (["integer", "int16"].includes(row.kind)) mustBeEqual.push(row.chromium?.relaxed);
  return row.failure !== undefined || mustBeEqual.some((engine) => engine && engine.digest !== row.digest);
}

function cells(row) {
  const { name, kind, runs, digest, distance: found } = row;
  const off =
    found === undefined
      ? ""
      : (found.failure ??
        (found.different === 0
          ? "none"
          : `${grouped(found.different)} of ${grouped(found.values)}, at most ${found.share.toExponential(1)}`));
  const verdict =
    row.failure !== undefined
      ? `fails: ${row.failure}`
      : row.unrun !== undefined
        ? `TensorFlow Lite does not run it: ${row.unrun}`
        : (isExact(row) ? "yes" : "no") + (row.kernels === "optimized" ? ", beside its optimized kernels" : "");
  return [name, kind, runs, off, verdict, digest === undefined ? "" : `\`${digest}\``, engines(row)];
}

const grouped = (number) => number.toLocaleString("en");

function tableOf(rows) {
  const head = ["model", "numbers", "runs", "values that differ", "exact", "hash in Node", "the same in"];
  return [head, head.map((_, index) => (index === 2 ? "--:" : "---")), ...rows.map(cells)]
    .map((line) => `| ${line.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

function summaryOf(rows) {
  const ran = rows.filter(({ distance: found }) => found !== undefined);
  const equal = ran.filter(({ distance: found }) => found.different === 0);
  const near = ran.filter((row) => isExact(row) && row.distance.different > 0);
  return (
    `${rows.length} models; ${ran.length} run here and in TensorFlow Lite: ${equal.length} equal in every bit, ` +
    `${near.length} within ${Math.max(0, ...near.map(({ distance: found }) => found.share)).toExponential(1)} ` +
    `of the largest magnitude, ${ran.length - equal.length - near.length} not`
  );
}

const introduction = `# Exactness: whole models

Made by \`npm run report -- exact --write\`. Each model of the zoo is run on its own data (pictures, speech, sensor
values; drawn numbers where there are none) in the \`simd\` build in Node, and its results are compared with those of
TensorFlow Lite 2.21's reference kernels (\`BUILTIN_REF\`, x86-64): bit for bit where all numbers within are integers,
within 1e-4 of the largest magnitude of the tensor where they are floats. A recurrent or streaming model keeps its state
over its runs only where that is how it is used. MediaPipe's Convolution2DTransposeBias, which TensorFlow Lite does not
have, is there the TRANSPOSE_CONV that adds a bias; weights with a scale for each block are compared with the optimized
kernels, for the reference ones take them for zeros.

"numbers": \`integer\`, \`int16\` (int16 activations), \`mixed\` (floats between integers), \`dynamic\` (float
activations, int8 weights), \`float16\` (weights), \`float\`. The hash is the beginning of the SHA-256 of all results;
the last column says in which other builds it is the same: \`simd\` and \`relaxed\` in Chromium, and a native build
with sanitizers. Relaxed SIMD may fuse the multiply and the add of floats, which an engine decides: how far its results
are from the others is told, as a share of the largest magnitude. Where all numbers are integers it never differs.

`;

export async function reportExact(api, words, tools) {
  if (!existsSync(zoo)) throw new Failure(`the zoo is not there: ${zoo}`);
  const only = words.includes("--only") ? words[words.indexOf("--only") + 1] : "";
  const names = zooModels().filter((name) => name.includes(only));
  for (const name of names) await record(api, name);
  await refer(names);
  const rows = [];
  for (const name of names) {
    rows.push(await rowOf(api, name));
    const { distance: found, failure, unrun } = rows.at(-1);
    say(`${name}: ${failure ?? unrun ?? `${found.different} of ${found.values} differ, by ${found.share}`}`);
  }
  if (!words.includes("--node")) {
    const inPage = await inChromium(names, tools.chromium);
    await inNative(names, tools);
    for (const row of rows)
      Object.assign(row, { chromium: inPage.get(row.name), native: await nativeDigest(row.name) });
  }
  const table = `${summaryOf(rows)}\n\n${tableOf(rows)}\n`;
  console.log(table);
  if (words.includes("--write") && only === "") writeFileSync(page, introduction + table);
  const failures = rows.filter(isFailure);
  for (const { name } of failures) say(`not exact: ${name}`);
  return failures.length > 0 ? 1 : 0;
}
