// `npm run report`: every mode on the models of the README's table, through the command line, beside TensorFlow's own
// figures (tests/reference/tensorflow.json). Prints the table; `npm run report -- --write` also puts it into the README.
// The quantized files and the arrays they were made and judged with stay in .build/report for tests/python.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, inRoot, main, root, say } from "./system.mjs";

const modes = ["float16", "dynamic", "int8", "int8-only"];
const zoo = join(root, "..", "shared", "zoo");
const folder = join(buildRoot, "report");
const referenceFile = inRoot("tests/reference/tensorflow.json");

const picture = /\.(png|jpe?g)$/i;
/** Columns of a CSV file with a header; quotes hold commas. */
const csv = (path) =>
  readFileSync(path, "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.match(/("[^"]*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, "")));

/** Labelled pictures of a zoo folder, in the order of its labels.csv. */
function labelledPictures(name, column) {
  const rows = csv(join(zoo, "data", name, "labels.csv"));
  return {
    files: rows.map(([file]) => join(zoo, "data", name, file)).filter((file) => picture.test(file)),
    labels: rows.map((row) => Number(row[column])),
  };
}

/** The keyword features: int8, [49, 10, 1] each, brought back to the numbers they stand for. */
function keywordFeatures() {
  const bytes = readFileSync(join(zoo, "data/kws/kws01_mfcc_int8.bin"));
  const stored = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labels = csv(join(zoo, "data/kws/labels.csv")).map((row) => Number(row[2]));
  return { values: Float32Array.from(stored, (q) => Math.fround(0.58470291) * (q - 83)), shape: [49, 10, 1], labels };
}

/** The models of the table. Each gives its samples as arrays, so that every tool sees the same numbers. */
const models = [
  {
    name: "characters",
    file: inRoot("web/examples/characters/characters.tflite"),
    async samples(api) {
      const at = (file) => inRoot("web/examples/characters", file);
      const { tile, labels } = JSON.parse(readFileSync(at("samples.json"), "utf8"));
      const tiles = async (file) => {
        const sheet = await api.decodeImage(readFileSync(at(file)));
        return api.tilesOf(sheet, sheet.width / tile, sheet.height / tile);
      };
      return { calibration: await tiles("calibration.png"), evaluation: await tiles("samples.png"), labels };
    },
    pictures: { normalize: [-1, 1] },
  },
  {
    name: "resnet8_cifar10",
    file: join(zoo, "derived/resnet8_cifar10_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("cifar10", 1);
      return { calibration: [join(zoo, "data/cifar10_calib")], evaluation: files, labels };
    },
    pictures: { normalize: [0, 255] },
  },
  {
    name: "vww_96",
    file: join(zoo, "derived/vww_96_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("vww", 1);
      return { calibration: files.slice(0, 64), evaluation: files, labels };
    },
    pictures: { normalize: [0, 1] },
  },
  {
    name: "kws_ds_cnn",
    file: join(zoo, "derived/kws_ds_cnn_float.tflite"),
    samples() {
      const { values, shape, labels } = keywordFeatures();
      const size = shape.reduce((product, dim) => product * dim);
      const array = (count) => ({ type: "float32", shape: [count, ...shape], data: values.subarray(0, count * size) });
      return { calibration: array(100), evaluation: array(labels.length), labels };
    },
  },
  {
    name: "mobilenet_v1_0.25_224",
    file: join(zoo, "models/cls/mobilenet_v1_0.25_224_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("imagenet", 2);
      return { calibration: files.slice(0, 100), evaluation: files, labels };
    },
    pictures: { normalize: [-1, 1], crop: 0.875, resize: "cover" },
  },
];

async function cli(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [inRoot("dist/cli.js"), ...args], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

/** Writes the samples of a model as .npz, once: the arrays named as its inputs. */
async function writeSamples(api, entry, at) {
  const names = ["calibration.npz", "evaluation.npz", "labels.json"];
  if (names.every((name) => existsSync(join(at, name)))) return;
  mkdirSync(at, { recursive: true });
  const model = await api.load(entry.file);
  const [input] = model.describe().signatures[0].inputs;
  const samples = await entry.samples(api);
  for (const set of ["calibration", "evaluation"]) {
    const array = samples[set].data ? samples[set] : await gathered(api, model, samples[set], entry.pictures, input);
    writeFileSync(join(at, `${set}.npz`), await api.writeArrays({ [input.name]: array }));
  }
  writeFileSync(join(at, "labels.json"), JSON.stringify(samples.labels));
  model.dispose();
}

/** All samples of a data set as one array [samples, …input shape]. */
async function gathered(api, model, source, pictures, input) {
  const dataset = await api.openDataset(source, model, pictures);
  const size = input.shape.reduce((product, dim) => product * dim);
  const data = new Float32Array(dataset.length * size);
  let at = 0;
  for await (const sample of dataset) {
    const [value] = Array.isArray(sample) ? sample : Object.values(sample);
    data.set(value.data ?? value, size * at++);
  }
  return { type: "float32", shape: [dataset.length, ...input.shape.slice(1)], data };
}

async function rowsOf(api, entry) {
  const at = join(folder, entry.name);
  await writeSamples(api, entry, at);
  const rows = [];
  for (const mode of modes) {
    say(`${entry.name}: ${mode}`);
    const output = join(at, `${mode}.tflite`);
    await cli("quantize", entry.file, "-o", output, "--mode", mode, "--calibrate", join(at, "calibration.npz"));
    const [data, labels] = [join(at, "evaluation.npz"), join(at, "labels.json")];
    const report = JSON.parse(await cli("compare", entry.file, output, "--data", data, "--labels", labels, "--json"));
    rows.push({ model: entry.name, mode, report });
  }
  return rows;
}

const percent = (share) => (share === undefined ? "" : `${(share * 100).toFixed(1)} %`);
const grouped = (number) => (number === undefined ? "" : number.toLocaleString("en"));

function tableOf(rows, reference) {
  const lines = [
    "| model | mode | bytes | TensorFlow's | ratio | top-1 (float) | TensorFlow's | agreement | SQNR |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|",
  ];
  for (const { model, mode, report } of rows) {
    const theirs = reference[model]?.[mode];
    const [float, bytes] = report.bytes;
    const sqnr = report.outputs[0].sqnrDb;
    lines.push(
      `| ${[
        model,
        mode,
        grouped(bytes),
        grouped(theirs?.bytes),
        `${(float / bytes).toFixed(2)}×`,
        `${percent(report.top1?.[1])} (${percent(report.top1?.[0])})`,
        percent(theirs?.top1),
        percent(report.agreement),
        sqnr === null ? "identical" : `${sqnr.toFixed(1)} dB`,
      ].join(" | ")} |`,
    );
  }
  return lines.join("\n");
}

function writeIntoReadme(table) {
  const [begin, end] = ["<!-- report: npm run report -- --write -->", "<!-- end of report -->"];
  const text = readFileSync(inRoot("README.md"), "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Failure(`README.md has no place for the table: ${begin} … ${end}`);
  writeFileSync(inRoot("README.md"), `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
}

await main(async () => {
  await build(await setup());
  const api = await import(pathToFileURL(inRoot("dist/node.js")).href);
  const reference = existsSync(referenceFile) ? JSON.parse(readFileSync(referenceFile, "utf8")) : {};
  const rows = [];
  for (const entry of models) {
    if (!existsSync(entry.file)) say(`${entry.name}: left out, ${entry.file.slice(root.length)} is not there`);
    else rows.push(...(await rowsOf(api, entry)));
  }
  const table = tableOf(rows, reference);
  console.log(table);
  if (process.argv.includes("--write")) writeIntoReadme(table);
});
