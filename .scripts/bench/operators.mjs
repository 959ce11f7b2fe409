// The second table: where a run's time goes, operator by operator, beside what the processor's instructions give at most.
import { readFileSync } from "node:fs";
import { profileModel } from "../../tests/bench/operators.mjs";
import { fixed, grouped, operandsOf, peakFor, percent, rate, table, typeOf } from "./figures.mjs";
import { madeFile, makeModels } from "./files.mjs";
import { option } from "./options.mjs";

/** Times of a model's nodes, in a page of the browser or, without one, in Node. */
async function profiled(api, browser, file, variant) {
  if (!browser) return await profileModel(api, { bytes: new Uint8Array(readFileSync(file)), variant });
  const found = await browser.call("operators.mjs", "inPage", { address: browser.address(file), variant });
  if (found.error) throw new Error(found.error);
  return found;
}

const peakColumns = [
  { title: "instructions", text: (row) => row.name, isText: true },
  { title: "of", text: (row) => (row.bytes ? `${row.of} (${row.bytes})` : row.of), isText: true },
  { title: "GMAC/s at most", text: (row) => fixed(row.rate, 1) },
];
const timeColumns = [
  { title: "ms", text: (row) => fixed(row.ms, 3) },
  { title: "GMAC/s", text: (row) => fixed(row.rate, 1) },
  { title: "of the most", text: (row) => percent(row.ofPeak) },
];
const kindColumns = [
  { title: "operator", text: (row) => row.kind, isText: true },
  { title: "nodes", text: (row) => row.count },
  { title: "share", text: (row) => percent(row.share) },
  ...timeColumns,
];
const nodeColumns = [
  { title: "node", text: (row) => row.node },
  { title: "operator", text: (row) => row.operator, isText: true },
  { title: "operands", text: operandsOf, isText: true },
  { title: "depth", text: (row) => row.depth },
  ...timeColumns,
];

/** What is printed of a profile: {peaks, kinds, nodes, variant, minMs, totalMs}. */
function figuresOf({ variant, clockMs, peaks, minMs, steps }) {
  // Of what takes too few steps of the clock there is no rate: the least of many times is then too small.
  const withRate = (times, type) => {
    const found = times.ms >= 10 * clockMs ? rate(times) : undefined;
    const peak = peakFor(type, variant, peaks);
    return { ...times, rate: found, ofPeak: found && peak && found / peak };
  };
  const nodes = steps.map((step) => {
    const elements = (step.outputs[0]?.shape ?? []).reduce((product, dim) => product * dim, 1);
    const depth = step.operations > 0 ? Math.round(step.operations / elements) : undefined;
    return { ...withRate(step, typeOf(step)), depth };
  });
  const kinds = grouped(steps, (step) => `${step.operator} ${typeOf(step)}`).map((kind) =>
    withRate(kind, kind.kind.split(" ").at(-1)),
  );
  return { variant, clockMs, peaks, minMs, totalMs: steps.reduce((sum, { ms }) => sum + ms, 0), kinds, nodes };
}

function textOf(title, { peaks, kinds, nodes, variant, minMs, totalMs }, shown) {
  const sum = `${title}, ${variant}: ${fixed(minMs, 3)} ms a run at best, ${fixed(totalMs, 3)} ms the sum of its nodes' best`;
  const parts = [sum, table(peakColumns, peaks), table(kindColumns, kinds), table(nodeColumns, nodes.filter(shown))];
  return parts.join("\n\n");
}

/** Of MobileNetV2 in int8, or the file that `--operators` names: its operators, and each node that multiplies. */
export async function operatorTable(api, browser) {
  const made = { model: "mobilenet_v2", mode: "int8", file: madeFile("mobilenet_v2", "int8") };
  const file = option("operators", made.file);
  if (file === made.file) await makeModels([made]);
  const figures = figuresOf(await profiled(api, browser, file));
  const title = file === made.file ? "mobilenet_v2 int8" : file;
  return { text: textOf(title, figures, ({ operations }) => operations > 0), file, ...figures };
}

/** Prints every node of one model. */
export async function profile(api, browser, file, variant) {
  console.log(textOf(file, figuresOf(await profiled(api, browser, file, variant)), () => true));
}
