// What is measured: the made models, those of models.mjs in every mode, the other files of the zoo, and any file.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cli, models, moreModels, writeSamples, zoo } from "../models.mjs";
import { Failure, buildRoot, cache, inRoot, must, say } from "../system.mjs";
import { option } from "./options.mjs";
import { folder } from "./peers.mjs";

const made = ["mobilenet_v1", "mobilenet_v2", "efficientnet_lite0", "resnet50", "mobilenet_v3"];
const madeModes = ["int8", "dynamic", "float"];
const twinPackages = ["onnx==1.23.2", "tf2onnx==1.17.0"];

/** A Python with TensorFlow: what `--python` or TENSORFLOW_PYTHON names, or that of the tests. */
export const python = () => option("python") ?? process.env.TENSORFLOW_PYTHON ?? join(cache, "python/bin/python");

/** The file that holds a made model in a mode. */
export const madeFile = (model, mode) => join(folder, model, `${mode}.tflite`);

function pythonFor(what) {
  if (existsSync(python())) return python();
  throw new Failure(`${what} must be made first: --python or TENSORFLOW_PYTHON names a Python with TensorFlow 2.21`);
}

export async function makeModels(wanted) {
  for (const mode of new Set(wanted.map((entry) => entry.mode))) {
    const missing = wanted.filter((entry) => entry.mode === mode && !existsSync(entry.file)).map(({ model }) => model);
    if (missing.length === 0) continue;
    const program = pythonFor(missing.join(", "));
    say(`making ${missing.join(", ")} in ${mode} (some minutes)`);
    await must(program, [inRoot("tests/bench/make_models.py"), folder, mode, ...missing], { quiet: true });
  }
}

/** The ONNX twins of some files, beside them or, of a file elsewhere, in .cache/bench. */
export async function makeTwins(entries) {
  const missing = entries.filter(({ twin }) => !existsSync(twin));
  if (missing.length === 0) return;
  const program = pythonFor("ONNX twins");
  const packages = join(folder, "twin_packages");
  if (!existsSync(join(packages, "tf2onnx"))) {
    say("installing tf2onnx into .cache/bench");
    // Without what they depend on: TensorFlow's own are there, and must stay as they are.
    const line = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", packages, ...twinPackages];
    await must(program, line, { quiet: true });
  }
  for (const { file, twin } of missing) {
    say(`making the twin of ${basename(dirname(file))}/${basename(file)}`);
    mkdirSync(dirname(twin), { recursive: true });
    const line = [inRoot("tests/bench/make_twin.py"), file, twin];
    await must(program, line, { quiet: true, env: { PYTHONPATH: packages } });
  }
}

/** Everything there is to choose from: {model, mode, file, twin, make}. */
function candidates() {
  const modes = option("modes")?.split(",");
  const ofMade = made.flatMap((model) =>
    (modes ?? madeModes).map((mode) => ({ model, mode, file: madeFile(model, mode), isMade: true })),
  );
  const entries = [...models, ...moreModels].filter(({ file }) => existsSync(file));
  const ofEntries = entries.flatMap((entry) =>
    (modes ?? madeModes).map((mode) => {
      const file = mode === "float" ? entry.file : madeFile(entry.name, mode);
      return { model: entry.name, mode, file, entry };
    }),
  );
  const known = new Set(entries.map(({ file }) => file));
  const inZoo = join(zoo, "models");
  const ofZoo = (existsSync(inZoo) ? readdirSync(inZoo, { recursive: true }) : [])
    .filter((path) => path.endsWith(".tflite") && !known.has(join(inZoo, path)))
    .sort()
    .map((path) => ({ model: basename(path, ".tflite"), mode: "file", file: join(inZoo, path) }));
  return { ofMade, all: [...ofMade, ...ofEntries, ...ofZoo] };
}

/** The chosen ones: the made models, or of everything what `--models` names or `isWanted` keeps, or the given files. */
function chosen(isWanted, given) {
  if (given.length > 0) return given.map((file) => ({ model: basename(file, ".tflite"), mode: "file", file }));
  const { ofMade, all } = candidates();
  const names = option("models")?.split(",");
  if (names) return all.filter(({ model }) => names.includes(model));
  return option("only") === undefined ? ofMade : all.filter(isWanted);
}

/** Files with their inputs: {model, mode, file, twin, inputs, sha256}. Those that are missing are made. */
export async function filesToRun(api, isWanted, given) {
  const entries = chosen(isWanted, given);
  if (entries.length === 0) throw new Failure("no model is chosen");
  await makeModels(entries.filter(({ isMade }) => isMade));
  for (const { entry, mode, file } of entries) if (entry && !existsSync(file)) await convert(api, entry, mode, file);
  const found = [];
  for (const { model, mode, file, isMade } of entries) {
    const bytes = readFileSync(file);
    const twin = join(folder, model, `${mode}.onnx`);
    const inputs = await inputsOf(api, bytes);
    found.push({ model, mode, file, twin, isMade, inputs, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  return found;
}

/** Our own file of a float model. */
async function convert(api, entry, mode, file) {
  say(`converting ${entry.name} to ${mode}`);
  const at = join(buildRoot, "report", entry.name);
  await writeSamples(api, entry, at);
  mkdirSync(dirname(file), { recursive: true });
  const calibration = mode.startsWith("int") ? ["--calibrate", join(at, "calibration.npz")] : [];
  await cli("quantize", entry.file, "-o", file, "--mode", mode, ...calibration);
}

async function inputsOf(api, bytes) {
  const model = await api.load(new Uint8Array(bytes));
  try {
    const session = await api.createSession(model);
    return session.inputs.map(({ name, shape, type }) => ({ name, shape, type }));
  } finally {
    model.dispose();
  }
}
