// The first table: one run of a model, runtime by runtime.
import { loadavg } from "node:os";
import { say } from "../system.mjs";
import { fixed, megabytes, nameOf, schedule, summary, table } from "./figures.mjs";
import { filesToRun, makeTwins } from "./files.mjs";
import { every, option } from "./options.mjs";
import { inNode } from "./places.mjs";
import { baseline, runtimes, wasmSizes } from "./peers.mjs";

const differs = ({ difference: found }) => {
  if (found === undefined) return "";
  if (found.relative === 0) return "0";
  return found.steps === undefined ? found.relative.toExponential(1) : `${found.steps} steps`;
};

const columns = [
  { title: "model", text: (row) => row.model, isText: true },
  { title: "mode", text: (row) => row.mode, isText: true },
  {
    title: "runtime",
    text: (row) => `${row.runtime} in ${row.place}${row.note ? ` (${row.note})` : ""}${row.needsTwin ? " (twin)" : ""}`,
    isText: true,
  },
  { title: "best ms", text: (row) => (row.error ? `failed: ${row.error.slice(0, 120)}` : fixed(row.bestMs)) },
  { title: "median ms", text: (row) => fixed(row.medianMs) },
  { title: `× ${baseline} (best)`, text: (row) => fixed(row.ratioBest) },
  { title: "(median)", text: (row) => fixed(row.ratioMedian) },
  { title: "start ms", text: (row) => fixed(row.startMs, 0) },
  { title: "of it first run", text: (row) => fixed(row.firstMs, 1) },
  { title: "wasm memory MB", text: (row) => megabytes(row.wasmBytes) },
  { title: "process at most MB", text: (row) => megabytes(row.peakBytes) },
  { title: "output differs by", text: differs },
  { title: "rounds", text: (row) => row.rounds || "" },
];
const sizeColumns = [
  { title: "wasm", text: (row) => row.name, isText: true },
  { title: "bytes", text: (row) => row.bytes },
  { title: "gzip", text: (row) => row.gzip },
];

/** Runs every chosen cell: {text, rows, rounds, sizes}. */
export async function speedTable(api, browser) {
  const only = new RegExp(option("only", "."));
  const places = (entry) => runtimes.map((row) => ({ ...entry, ...row })).filter((cell) => only.test(nameOf(cell)));
  const files = await filesToRun(api, (entry) => places(entry).length > 0, every("file"));
  const cells = files.flatMap(places).filter(({ needsTwin, isMade }) => isMade || !needsTwin);
  await makeTwins(cells.filter(({ needsTwin }) => needsTwin));

  const timing = JSON.parse(option("timing", "{}"));
  const order = schedule(cells, Number(option("rounds", "3")));
  const rounds = [];
  for (const [at, { round, cell }] of order.entries()) {
    const file = cell.needsTwin ? cell.twin : cell.file;
    const { runtime, adapter, inputs } = cell;
    const measured =
      cell.place === "node"
        ? inNode("node_cell.mjs", { runtime, inputs, file, timing })
        : await browser.call("measure.mjs", "inPage", { adapter, inputs, address: browser.address(file), timing });
    rounds.push({ cell: nameOf(cell), round, load: loadavg()[0], ...measured });
    const told = measured.error ?? `${fixed(measured.bestMs)} ms (median ${fixed(measured.medianMs)})`;
    say(`${at + 1}/${order.length} ${nameOf(cell)}: ${told}`);
  }

  const rows = summary(cells, rounds, baseline);
  const sizes = wasmSizes();
  const hashes = files.map(({ model, mode, sha256 }) => `${sha256}  ${model}/${mode}`);
  const text = [table(columns, rows), table(sizeColumns, sizes), ["```", ...hashes, "```"].join("\n")].join("\n\n");
  return { text, rows, rounds, sizes };
}
