// `npm run report -- zoo`: every mode on more models, beside TensorFlow's and ai-edge-quantizer's own files. All are made
// from the same float model and calibration samples, and all are judged on the same samples by our own `compare`, so that
// the figures differ by the quantizer alone. Figures of the others are kept in tests/reference/zoo.json; they are measured
// anew with `--rivals`, from the files that tests/python/zoo_reference.py leaves in .build/rivals.
//   npm run report -- zoo [--write] [--rivals] [--only NAME,…]      (with both --write and --only: their tables alone)
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli, models, moreModels, writeSamples, zoo } from "./models.mjs";
import { buildRoot, inRoot, root, say } from "./system.mjs";

const modes = ["float16", "dynamic", "int8", "int8-only", "int16x8", "int16x8-only"];
const referenceFile = inRoot("tests/reference/zoo.json");
const reasonsFile = inRoot("tests/reference/zoo_reasons.json");
const page = inRoot("web/docs/zoo.md");

/** The others' names of our modes; ai-edge-quantizer has no integer-only modes. */
const rivals = {
  tensorflow: {
    float16: "tf_fp16",
    dynamic: "tf_dynamic",
    int8: "tf_int8",
    "int8-only": "tf_int8_only",
    int16x8: "tf_int16x8",
    "int16x8-only": "tf_int16x8_only",
  },
  aiEdge: { float16: "aeq_fp16", dynamic: "aeq_dynamic", int8: "aeq_int8", int16x8: "aeq_int16x8" },
};

/** TensorFlow's files in the zoo, made by its converter from the original SavedModel or Keras model. */
const derived = {
  float16: "float16",
  dynamic: "dynrange",
  int8: "int8_floatio",
  "int8-only": "int8",
  int16x8: "int16x8",
};

/** Worse than the better rival by more than so many decibels, and a reason is due. */
const tolerance = 0.5;

/** What a failing command says in its first line. */
const messageOf = (error) =>
  String(error.stderr ?? error.message)
    .replace(/^litequant: /, "")
    .split("\n")[0]
    .slice(0, 300);

/** Figures of one file: bytes, SQNR of the worst output in dB (null: no error), agreement, top-1; or why there are none. */
async function figuresOf(entry, at, file) {
  try {
    const labels = join(at, "labels.json");
    const hasLabels = JSON.parse(readFileSync(labels, "utf8")).length > 0;
    const words = ["--data", join(at, "evaluation.npz"), ...(hasLabels ? ["--labels", labels] : []), "--json"];
    const report = JSON.parse(await cli("compare", entry.file, file, ...words));
    const errors = report.outputs.map(({ sqnrDb }) => sqnrDb).filter((sqnr) => sqnr !== null);
    return {
      bytes: report.bytes[1],
      // A tool that found nothing to do gives the float model back.
      ...(errors.length === 0 && report.bytes[1] > 0.95 * report.bytes[0] && { isUnchanged: true }),
      samples: report.sampleCount,
      sqnr: errors.length > 0 ? round(Math.min(...errors), 2) : null,
      ...(report.agreement !== undefined && { agreement: round(report.agreement, 4) }),
      ...(report.top1 && { top1: round(report.top1[1], 4), floatTop1: round(report.top1[0], 4) }),
    };
  } catch (error) {
    return { bytes: readFileSync(file).byteLength, failure: messageOf(error) };
  }
}

const round = (value, digits) => Number(value.toFixed(digits));

/** Operators that keep float weights where activations are float anyway. */
const keepsWeights = ({ needsStatistics, float }) => (needsStatistics ? [] : float);

async function rowsOf(api, entry, reference) {
  const at = join(buildRoot, "report", entry.name);
  const model = await api.load(entry.file);
  const outlooks = await api.describeModes(model);
  model.dispose();
  const rows = [];
  for (const mode of modes) {
    say(`${entry.name}: ${mode}`);
    const output = join(at, `${mode}.tflite`);
    const row = { model: entry.name, mode };
    try {
      const calibration = mode.startsWith("int") ? ["--calibrate", join(at, "calibration.npz")] : [];
      const made = await cli("quantize", entry.file, "-o", output, "--mode", mode, ...calibration, "--json");
      Object.assign(row, {
        float: [...JSON.parse(made).float, ...keepsWeights(outlooks[mode])],
        ours: await figuresOf(entry, at, output),
      });
    } catch (error) {
      Object.assign(row, { float: [], ours: { failure: messageOf(error) } });
    }
    const known = reference[entry.name]?.[mode] ?? {};
    rows.push({ ...row, ...known, marks: marksOf(row.ours, known) });
  }
  return rows;
}

/** Where we are worse than the better of the two, or larger than TensorFlow's file. */
function marksOf(ours, { tensorflow, aiEdge }) {
  const marks = [];
  const rival = (theirs) => theirs && theirs.failure === undefined && !theirs.isUnchanged;
  const sqnr = (figures) => (figures.sqnr === null ? Infinity : figures.sqnr);
  const best = Math.max(...[tensorflow, aiEdge].filter(rival).map(sqnr), -Infinity);
  if (ours.failure !== undefined) {
    if (best > -Infinity) marks.push("refused");
    return marks;
  }
  if (sqnr(ours) < best - tolerance) marks.push(`${round(best - sqnr(ours), 1)} dB`);
  if (tensorflow?.bytes !== undefined && ours.bytes > tensorflow.bytes) marks.push("larger");
  return marks;
}

/** Measures the others' files of a model. */
async function rivalsOf(entry) {
  const at = join(buildRoot, "report", entry.name);
  const folder = join(buildRoot, "rivals", entry.name);
  const errors = existsSync(join(folder, "report.json"))
    ? JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))
    : {};
  const found = {};
  for (const mode of modes) {
    for (const [rival, names] of Object.entries(rivals)) {
      const name = names[mode];
      if (name === undefined) continue;
      const original = join(zoo, "derived", `${entry.name}_${derived[mode]}.tflite`);
      const isOriginal = rival === "tensorflow" && existsSync(original);
      const file = isOriginal ? original : join(folder, `${name}.tflite`);
      say(`${entry.name}: ${name}`);
      const failure = errors[name]?.error?.split("\n")[0].slice(0, 200);
      found[mode] ??= {};
      if (existsSync(file)) found[mode][rival] = await figuresOf(entry, at, file);
      else if (failure !== undefined) found[mode][rival] = { failure };
    }
  }
  return found;
}

// ---- The table ------------------------------------------------------------------------------------------------------

const grouped = (number) => (number === undefined ? "–" : number.toLocaleString("en"));
const decibels = ({ sqnr, failure, isUnchanged } = {}) =>
  failure !== undefined
    ? "fails"
    : isUnchanged
      ? "float"
      : sqnr === undefined
        ? "–"
        : sqnr === null
          ? "exact"
          : sqnr.toFixed(1);
const percent = (share) => (share === undefined ? "–" : (share * 100).toFixed(1));

/** Wilson's interval at 95 %, in percent. */
function interval(share, count) {
  const z = 1.96;
  const centre = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))) / (1 + (z * z) / count);
  return `${percent(Math.max(0, centre - half))}–${percent(Math.min(1, centre + half))}`;
}

const top1Text = ({ top1, samples } = {}) =>
  top1 === undefined ? "–" : `${percent(top1)} (${interval(top1, samples)})`;

function tableOf(rows, reasons) {
  const head = [
    "mode",
    "bytes",
    "TensorFlow's",
    "SQNR dB",
    "TensorFlow's",
    "ai-edge's",
    "agreement %",
    "top-1 % (95 %)",
    "TensorFlow's",
    "in float",
    "mark",
  ];
  const lines = [];
  for (const model of new Set(rows.map((row) => row.model))) {
    const own = rows.filter((row) => row.model === model);
    const { samples, floatTop1 } = own.map(({ ours }) => ours).find((ours) => ours.samples !== undefined) ?? {};
    lines.push(
      `### ${model}`,
      "",
      `${samples ?? 0} samples${floatTop1 === undefined ? "" : `; top-1 of the float model ${percent(floatTop1)} %`}`,
      "",
      `| ${head.join(" | ")} |`,
      `|---|${"--:|".repeat(head.length - 2)}---|`,
    );
    const notes = [];
    for (const { mode, ours, tensorflow, aiEdge, float, marks } of own) {
      const reason = reasons[model]?.[mode];
      const cells = [
        mode,
        grouped(ours.bytes),
        grouped(tensorflow?.bytes),
        decibels(ours),
        decibels(tensorflow),
        decibels(aiEdge),
        percent(ours.agreement),
        top1Text(ours),
        percent(tensorflow?.top1),
        float.length > 0 ? String(float.length) : "",
        marks.length === 0 ? "" : `${marks.join(", ")}${reason ? ` (${reason})` : " (reason open)"}`,
      ];
      lines.push(`| ${cells.join(" | ")} |`);
      if (ours.failure !== undefined) notes.push(`- ${mode}: ${ours.failure}`);
      notes.push(...floatNotes(mode, float));
      for (const [rival, figures] of [
        ["TensorFlow's file", tensorflow],
        ["ai-edge-quantizer's file", aiEdge],
      ]) {
        if (figures?.failure !== undefined) notes.push(`- ${mode}, ${rival}: ${figures.failure}`);
      }
    }
    lines.push("", ...(notes.length > 0 ? [...notes, ""] : []));
  }
  return lines.join("\n");
}

/** Operators left in float, those of one reason together. */
function floatNotes(mode, float) {
  const byReason = new Map();
  for (const { node, operator, reason } of float) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${operator} ${node}`]);
  }
  return [...byReason].map(([reason, names]) => {
    const shown = names.length > 8 ? [...names.slice(0, 8), `${names.length - 8} more`] : names;
    return `- ${mode}, in float: ${shown.join(", ")}: ${reason}`;
  });
}

/** The tables of a page, those of some models made anew. */
function replaced(text, table) {
  const sections = (of) => of.slice(of.indexOf("### ")).split(/^(?=### )/m);
  const nameOf = (section) => section.split("\n", 1)[0];
  const made = new Map(sections(table).map((section) => [nameOf(section), section]));
  return sections(text)
    .map((section) => made.get(nameOf(section)) ?? section)
    .join("");
}

const introduction = `# The zoo: every mode on real models

Made by \`npm run report -- zoo --write\`. Each file is made from the same float model with the same calibration samples
and judged on the same evaluation samples by \`litequant compare\`, ours and the others': bytes of the file; SQNR of the
output against the float model (of the worst output where there are several); agreement of the largest output; top-1 with
its 95 % interval (Wilson) where there are labels. TensorFlow is 2.21, ai-edge-quantizer 0.10 with its default recipes.
"in float" counts operators that stay in float (in \`dynamic\`: that keep float weights). A mark says where we are more than
${tolerance} dB below the better of the two, or larger than TensorFlow's file, with its reason.
"fails": the tool gave no file, or one that does not run here; the reason is below the table. "float": it gave the float
model back, unchanged. TensorFlow's converter takes a float .tflite in the integer modes only; its \`dynamic\` and \`float16\`
files are made from the original SavedModel where there is one, else from the .tflite imported to a function and converted
again, which drops signature and metadata and shortens names.

`;

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {});

export async function reportZoo(api, words) {
  const only = words.includes("--only") ? words[words.indexOf("--only") + 1].split(",") : undefined;
  const reference = read(referenceFile);
  const rows = [];
  for (const entry of [...models, ...moreModels]) {
    if (only && !only.includes(entry.name)) continue;
    if (!existsSync(entry.file)) {
      say(`${entry.name}: left out, ${entry.file.slice(root.length)} is not there`);
      continue;
    }
    await writeSamples(api, entry, join(buildRoot, "report", entry.name));
    if (words.includes("--rivals")) reference[entry.name] = await rivalsOf(entry);
    rows.push(...(await rowsOf(api, entry, reference)));
  }
  if (words.includes("--rivals")) writeFileSync(referenceFile, `${JSON.stringify(reference, null, 2)}\n`);
  const table = tableOf(rows, read(reasonsFile));
  console.log(words.includes("--json") ? JSON.stringify(rows, null, 2) : table);
  if (words.includes("--write"))
    writeFileSync(page, `${introduction}${only ? replaced(readFileSync(page, "utf8"), table) : table}`);
  const marked = rows.filter(({ marks }) => marks.length > 0);
  say(`${rows.length} rows, ${marked.length} with a mark`);
  for (const { model, mode, marks } of marked) say(`  ${model} ${mode}: ${marks.join(", ")}`);
}
