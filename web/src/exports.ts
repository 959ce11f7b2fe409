// What can be taken away besides the model: a C array, the recipe, node data for Model Explorer, a report.
import type { Report } from "litequant";
import { commandFor } from "./commands.js";
import { bytesText, decibelText, millisecondsText, percentText, ratioText } from "./numbers.js";
import { agreementUnit } from "./outputs.js";
import { essentialRecipe } from "./recipes.js";
import type { ModelState, Result, SamplesState } from "./state.js";
import { currentLanguage, text } from "./text.js";

const perLine = 12;
const linesAtOnce = 4000;

/** Text of a C source file, made in pieces so that the page stays alive. */
export async function cArrayOf(bytes: Uint8Array, fileName: string): Promise<Blob> {
  const name = `${fileName
    .replace(/\.tflite$/i, "")
    .replace(/\W+/g, "_")
    .replace(/^(?=\d)/, "_")}_tflite`;
  const parts: string[] = [
    `// ${fileName.replace(/[\r\n]/g, " ")}, ${bytes.byteLength} bytes. FlatBuffers want 16-byte alignment.\n`,
    "#ifdef __cplusplus\nalignas(16)\n#else\n_Alignas(16)\n#endif\n",
    `const unsigned char ${name}[] = {\n`,
  ];
  const hex = Array.from({ length: 256 }, (_, value) => `0x${value.toString(16).padStart(2, "0")},`);
  let lines = "";
  for (let at = 0, line = 0; at < bytes.length; at += perLine, ++line) {
    lines += `  ${Array.from(bytes.subarray(at, at + perLine), (byte) => hex[byte]).join(" ")}\n`;
    if (line % linesAtOnce === linesAtOnce - 1) {
      parts.push(lines);
      lines = "";
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  parts.push(lines, `};\nconst unsigned int ${name}_len = ${bytes.byteLength};\n`);
  return new Blob(parts, { type: "text/x-c" });
}

/** Per-node data that Model Explorer lays over the graph of this name, keyed by output tensor; a graph without one is "main" to it. */
export function overlayOf(report: Report, graph = "main"): string {
  const results = Object.fromEntries(
    report.tensors
      .filter(({ node, sqnrDb }) => node >= 0 && sqnrDb !== null)
      .map(({ name, sqnrDb }) => [name, { value: sqnrDb }]),
  );
  const gradient = [
    { stop: 0, bgColor: "#b3261e", textColor: "#ffffff" },
    { stop: 0.5, bgColor: "#f1c46b", textColor: "#000000" },
    { stop: 1, bgColor: "#2754c5", textColor: "#ffffff" },
  ];
  return JSON.stringify({ [graph]: { results, gradient } }, null, 1);
}

export const recipeFile = (result: Result): string =>
  `${JSON.stringify(result.recipe ? essentialRecipe(result.recipe) : null, null, 2)}\n`;

const escaped = (value: string): string => value.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

const reportStyle =
  `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;
padding:0 1rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:start;padding:.25rem .75rem;
border-bottom:1px solid #8886;font-weight:400;overflow-wrap:anywhere}thead th{font-size:.85rem;opacity:.75}td.n{text-align:end;
font-variant-numeric:tabular-nums}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem;border:1px solid #8886}
.differs{background:#f1c46b33}`.replaceAll("\n", "");

interface ReportParts {
  readonly model: ModelState;
  readonly samples: SamplesState | undefined;
  readonly results: readonly Result[];
  readonly result: Result;
}

/** One HTML file that needs nothing else and runs nothing. Every name in it is escaped. */
export function htmlReport({ model, samples, results, result }: ReportParts): string {
  const { report } = result;
  const name = (index: number | undefined) =>
    index === undefined ? "" : (model.classNames[index] ?? text("compare.class", { number: String(index) }));
  const table = (heads: readonly string[], rows: readonly (readonly string[])[], numbersFrom: number) =>
    `<table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join("")}</tr></thead><tbody>${rows
      .map(
        (row) =>
          `<tr>${row.map((cell, i) => `<td${i >= numbersFrom ? ' class="n"' : ""}>${escaped(cell)}</td>`).join("")}</tr>`,
      )
      .join("")}</tbody></table>`;
  const title = `${result.fileName}: ${text("report.title")}`;
  const overview = results.map(({ recipe, fileName, model: made, report: found, latency }) => [
    recipe ? recipe.mode : fileName,
    bytesText(made.byteLength),
    ratioText(model.handle.byteLength / made.byteLength),
    found ? decibelText(found.outputs[0]?.sqnrDb ?? null) : "",
    found?.agreement === undefined || !agreementUnit(model.description) ? "" : percentText(found.agreement),
    found?.top1 ? percentText(found.top1[1]) : "",
    latency ? millisecondsText(latency[1].medianMs) : "",
  ]);
  const sections = [
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(model.handle.name)}, ${escaped(bytesText(model.handle.byteLength))} → ${escaped(bytesText(result.model.byteLength))}</p>`,
    `<h2>${escaped(text("compare.results"))}</h2>`,
    table(
      [
        text("column.mode"),
        text("column.bytes"),
        text("column.ratio"),
        "SQNR",
        text("figure.agreement"),
        text("figure.top1"),
        text("column.time"),
      ],
      overview,
      1,
    ),
  ];
  if (result.recipe) {
    const command = commandFor(model, result.fileName, result.recipe, samples);
    sections.push(`<h2>${escaped(text("download.command"))}</h2><pre>${escaped(command)}</pre>`);
  }
  if (report && report.predictions.length > 0) {
    const heads = [text("column.sample"), text("column.label"), text("column.float"), text("column.quantized")];
    const rows = report.predictions.map(({ label, classes: [float, quantized] }, index) => [
      samples?.evaluation.names[index] ?? String(index + 1),
      name(label),
      `${name(float[0]?.index)} ${float[0]?.score.toFixed(3) ?? ""}`,
      `${name(quantized[0]?.index)} ${quantized[0]?.score.toFixed(3) ?? ""}`,
    ]);
    sections.push(`<h2>${escaped(text("compare.predictions"))}</h2>${table(heads, rows, 4)}`);
  }
  if (report && report.tensors.length > 0) {
    const heads = [text("column.node"), text("column.operator"), text("column.tensor"), "SQNR", text("column.rmse")];
    const rows = report.tensors.map((tensor) => [
      tensor.node >= 0 ? String(tensor.node) : "",
      tensor.operator,
      tensor.name,
      decibelText(tensor.sqnrDb),
      tensor.rmseOverScale > 0 ? tensor.rmseOverScale.toFixed(2) : "",
    ]);
    sections.push(`<h2>${escaped(text("compare.nodes"))}</h2>${table(heads, rows, 3)}`);
  }
  return `<!doctype html><html lang="${currentLanguage()}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escaped(title)}</title><style>${reportStyle}</style></head><body>${sections.join("\n")}</body></html>\n`;
}

/** Hands a file to the browser's own download. */
export function saveFile(content: BlobPart, fileName: string, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
