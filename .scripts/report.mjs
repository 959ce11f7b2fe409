// `npm run report`: every mode on the models of the README's table, through the command line, beside TensorFlow's own
// figures (tests/reference/tensorflow.json). Prints the table; `npm run report -- --write` also puts it into the README.
// `npm run report -- zoo` and `-- exact` are other tables (.scripts/zoo.mjs, .scripts/exact.mjs).
// The quantized files and the arrays they were made and judged with stay in .build/report for tests/python.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { reportExact } from "./exact.mjs";
import { cli, models, writeSamples } from "./models.mjs";
import { setup } from "./setup.mjs";
import { reportZoo } from "./zoo.mjs";
import { Failure, buildRoot, inRoot, main, root, say } from "./system.mjs";

const modes = ["float16", "dynamic", "int8", "int8-only"];
const folder = join(buildRoot, "report");
const referenceFile = inRoot("tests/reference/tensorflow.json");

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
  const [kind, ...words] = process.argv.slice(2);
  const tools = await setup(kind === "exact" ? "native" : "build");
  await build(tools);
  const api = await import(pathToFileURL(inRoot("dist/node.js")).href);
  if (kind === "zoo") return reportZoo(api, words);
  if (kind === "exact") return reportExact(api, words, tools);
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
