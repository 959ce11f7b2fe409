// The third table: what it takes to make a model int8, calibrated on the same number of pictures.
import { existsSync } from "node:fs";
import { inRoot, say } from "../system.mjs";
import { fixed, leastOf, megabytes, schedule, table } from "./figures.mjs";
import { madeFile, makeModels, python } from "./files.mjs";
import { option } from "./options.mjs";
import { answerOf, inNode } from "./places.mjs";

const model = "mobilenet_v2";
const shape = [224, 224, 3];

/** Rows: the tool, and how it is run with {browser, file, count}. Those of Python need one with their packages. */
const tools = [
  { tool: "litequant in node", run: ({ file, count }) => inNode("node_conversion.mjs", { file, count, shape }) },
  {
    tool: "litequant in chromium",
    run: async ({ browser, file, count }) =>
      await browser.call(
        "conversion.mjs",
        "inPage",
        { address: browser.address(file), count, shape },
        { prepare: "prepare" },
      ),
  },
  { tool: "ai-edge-quantizer", run: (given) => elsewhere("ai-edge", given), needsPython: true },
  { tool: "TFLiteConverter", run: (given) => elsewhere("tensorflow", given), needsPython: true },
];

const elsewhere = (kind, { file, count }) =>
  answerOf(python(), [inRoot("tests/bench/convert_elsewhere.py"), kind, model, file, String(count)]);

const columns = [
  { title: "tool", text: (row) => `${row.tool}${row.variant ? ` (${row.variant})` : ""}`, isText: true },
  { title: "wall s", text: (row) => (row.error ? `failed: ${row.error.slice(0, 120)}` : fixed(row.wallMs / 1000)) },
  { title: "processor s", text: (row) => fixed(row.cpuSeconds) },
  { title: "calibration s of wall", text: (row) => row.stages && fixed(row.stages.calibrateMs / 1000) },
  { title: "rest ms of wall", text: (row) => row.stages && fixed(row.wallMs - row.stages.calibrateMs, 0) },
  { title: "process MB before, samples included", text: (row) => megabytes(row.emptyBytes) },
  { title: "at most", text: (row) => megabytes(row.peakBytes) },
  { title: "more than before", text: (row) => megabytes(row.peakBytes - row.emptyBytes) },
  { title: "file bytes", text: (row) => row.bytes },
];

/** Converts by every tool in alternating rounds; the table is of each tool's round of least processor time. */
export async function conversionTable(_, browser) {
  const made = { model, mode: "float", file: madeFile(model, "float") };
  await makeModels([made]);
  const count = Number(option("samples", "100"));
  const rows = tools.filter(({ needsPython }) => !needsPython || existsSync(python()));
  if (rows.length < tools.length) say("without --python PYTHON: TFLiteConverter and ai-edge-quantizer are left out");
  const rounds = [];
  for (const { round, cell } of schedule(rows, Number(option("rounds", "3")))) {
    const measured = await cell.run({ browser, file: made.file, count });
    rounds.push({ tool: cell.tool, round, ...measured });
    say(`${round + 1} ${cell.tool}: ${measured.error ?? `${fixed(measured.cpuSeconds)} s of processor`}`);
  }
  const best = rows.map(({ tool }) => {
    const own = rounds.filter((round) => round.tool === tool);
    return leastOf(own, "cpuSeconds") ?? own[0];
  });
  return { text: `${model} to int8, ${count} samples\n\n${table(columns, best)}`, model, count, rows: best, rounds };
}
