// The commands, each a short program on the package's own API.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  calibrate,
  compare,
  createSession,
  dequantize,
  describeModes,
  describeRecipe,
  LiteQuantError,
  load,
  openDataset,
  parseLabels,
  parseStatistics,
  quantize,
  readArrays,
  writeArrays,
} from "../node.js";
import type {
  Dataset,
  DatasetOptions,
  Model,
  Normalization,
  PortDescription,
  Report,
  Statistics,
  Tensor,
  TensorReport,
} from "../node.js";
import { UsageError } from "./arguments.js";
import type { Arguments } from "./arguments.js";
import { describeModel, placesText } from "./inspect.js";
import {
  bytesText,
  decibelText,
  note,
  percentText,
  print,
  printJson,
  progressLine,
  table,
  writeWhole,
} from "./output.js";
import { recipeOf } from "./recipe.js";
import { chosen, wholeNumber } from "./values.js";

export async function quantizeCommand(args: Arguments): Promise<void> {
  const output = args.needed("output");
  const recipe = recipeOf(args);
  const takesStatistics = recipe.mode !== "dynamic" && recipe.mode !== "float16";
  const given = args.list("calibrate").length + args.list("statistics").length;
  using model = await load(args.operands[0] as string);
  // A quantization-aware model may prescribe every range itself.
  if (takesStatistics && given === 0 && (await describeRecipe(model, { mode: recipe.mode })).needsStatistics) {
    throw new UsageError(
      `mode ${recipe.mode} needs --calibrate PATH… or --statistics STATS…`,
      "random:8 is enough for a try",
    );
  }
  if (!takesStatistics && given > 0) note(`mode ${recipe.mode} needs no calibration: the samples are not used`);
  const statistics = takesStatistics && given > 0 ? await statisticsOf(args, model) : undefined;
  using quantized = await quantize(model, recipe, statistics);
  await writeWhole(output, await quantized.save());

  const stays = quantized.leftInFloat;
  const ratio = model.byteLength / quantized.byteLength;
  if (stays.length > 0) note(`in float stay:\n${placesText(stays)}`);
  if (quantized.warnings.length > 0) note(`warning, of operators in integers:\n${placesText(quantized.warnings)}`);
  const unsupported = quantized.unsupportedByTarget;
  if (unsupported.length > 0)
    note(`target ${recipe.target} will not run (as numbered in ${output}):\n${placesText(unsupported)}`);
  if (args.flag("json")) {
    printJson({
      model: args.operands[0],
      output,
      ...recipe,
      bytes: [model.byteLength, quantized.byteLength],
      ratio,
      float: stays,
      warnings: quantized.warnings,
      unsupported,
      ...(statistics && { samples: statistics.sampleCount, isRealData: statistics.isRealData }),
    });
    return;
  }
  print(
    `${output}: ${bytesText(quantized.byteLength)}, ${ratio.toFixed(2)} times smaller than ${bytesText(model.byteLength)}`,
  );
  if (statistics) {
    print(
      `calibrated on ${statistics.sampleCount} ${statistics.isRealData ? "samples" : "random samples: not on real data"}`,
    );
  }
}

export async function dequantizeCommand(args: Arguments): Promise<void> {
  const output = args.needed("output");
  using model = await load(args.operands[0] as string);
  using floats = await dequantize(model);
  await writeWhole(output, await floats.save());
  const bytes = [model.byteLength, floats.byteLength];
  if (args.flag("json")) printJson({ model: args.operands[0], output, bytes });
  else print(`${output}: ${bytesText(floats.byteLength)}, float weights from ${bytesText(model.byteLength)}`);
}

async function statisticsOf(args: Arguments, model: Model): Promise<Statistics> {
  const parts: Statistics[] = [];
  for (const path of args.list("statistics")) {
    try {
      parts.push(parseStatistics(await text(path)));
    } catch (error) {
      if (!(error instanceof LiteQuantError)) throw error;
      throw new LiteQuantError({ code: "BAD_SAMPLE", message: `${path}: ${error.message}`, hint: error.hint });
    }
  }
  if (args.list("calibrate").length > 0) {
    parts.push(await calibrateOn(model, await datasetOf(args, "calibrate", model), args));
  }
  const [first, ...others] = parts;
  if (!first) throw new UsageError("there is nothing to calibrate with");
  return others.length > 0 ? await first.merge(...others) : first;
}

async function calibrateOn(model: Model, data: Dataset, args: Arguments): Promise<Statistics> {
  const line = progressLine();
  try {
    return await calibrate(model, data, { ...signatureOption(args), ...sequenceOption(args), ...line });
  } finally {
    line.end();
  }
}

export function sequenceOption(args: Arguments): { sequence?: number } {
  const word = args.value("sequence");
  if (word === undefined) return {};
  if (args.value("samples") !== undefined) {
    throw new UsageError("--samples picks samples far apart, --sequence needs those that follow each other");
  }
  return { sequence: word === "all" ? Infinity : wholeNumber("--sequence", word, 1) };
}

export const signatureOption = (args: Arguments): { signature?: string } => {
  const signature = args.value("signature");
  return signature === undefined ? {} : { signature };
};

/** The data set of an option, its warnings said. */
export async function datasetOf(
  args: Arguments,
  option: string,
  model: Model,
  defaults: DatasetOptions = {},
): Promise<Dataset> {
  const paths = args.list(option);
  if (paths.length === 0) throw new UsageError(`--${option} must be given`);
  const data = await openDataset(paths, model, { ...defaults, ...datasetOptions(args) });
  for (const warning of data.warnings) note(`warning: ${warning}`);
  return data;
}

/** What is run or compared is one signature: the first, where none is named. */
export const firstSignature = (model: Model): DatasetOptions => ({
  signature: model.describe().signatures[0]?.key ?? "",
});

export function datasetOptions(args: Arguments): DatasetOptions {
  const names = ["samples", "normalize", "resize", "crop", "order", "size"];
  const [limit, normalize, resize, crop, order, size] = names.map((name) => args.value(name));
  return {
    ...signatureOption(args),
    ...(limit !== undefined && { limit: wholeNumber("--samples", limit, 1) }),
    ...(normalize !== undefined && { normalize: normalizationOf(normalize) }),
    ...(resize !== undefined && { resize: chosen("--resize", resize, ["stretch", "cover"] as const) }),
    ...(crop !== undefined && { crop: Number(crop) }),
    ...(size !== undefined && { size: sizeOf(size) }),
    ...(order !== undefined && { order: chosen("--order", order, ["rgb", "bgr"] as const) }),
  };
}

/** "224,224", or "224" for both. */
function sizeOf(word: string): readonly [number, number] {
  const [height = 0, width = height, ...rest] = word.split(",").map((side) => wholeNumber("--size", side, 1));
  if (rest.length > 0) throw new UsageError(`--size ${word} is not HEIGHT,WIDTH`, "such as 224,224");
  return [height, width];
}

/** "-1,1", or "127.5/127.5", or "123.7,116.3,103.5/58.4,57.1,57.4". */
function normalizationOf(word: string): Normalization {
  const lists = word.split("/").map((list) => list.split(",").map((part) => (part.trim() === "" ? NaN : Number(part))));
  const [first = [], second] = lists;
  if (lists.length <= 2 && lists.flat().every((value) => Number.isFinite(value))) {
    if (second) return { mean: first, std: second };
    const [low, high] = first;
    if (first.length === 2 && low !== undefined && high !== undefined && low < high) return [low, high];
  }
  throw new UsageError(`--normalize ${word} is neither LOW,HIGH nor MEAN/STD`, "such as -1,1 or 0,1 or 127.5/127.5");
}

export async function calibrateCommand(args: Arguments): Promise<void> {
  const output = args.needed("output");
  using model = await load(args.operands[0] as string);
  const data = await datasetOf(args, "data", model);
  const statistics = await calibrateOn(model, data, args);
  await writeWhole(output, `${JSON.stringify(statistics)}\n`);
  const { sampleCount, isRealData } = statistics;
  if (args.flag("json")) printJson({ output, samples: sampleCount, isRealData, warnings: data.warnings });
  else print(`${output}: learned from ${sampleCount} ${isRealData ? "samples" : "random samples: not real data"}`);
}

export async function runCommand(args: Arguments): Promise<void> {
  const input = args.needed("input");
  const output = args.needed("output");
  using model = await load(args.operands[0] as string);
  using session = await createSession(model, signatureOption(args));
  const arrays = await readArrays(await bytes(input), input);
  const key = args.value("signature") ?? model.describe().signatures[0]?.key ?? "";
  const values = inputsOf(arrays, key, session.inputs, input);
  const shapes = Object.fromEntries(Object.entries(values).map(([name, { shape }]) => [name, shape]));
  const isSame = session.inputs.every(({ name, shape }) => String(shape) === String(shapes[name]));
  if (!isSame) await session.resize(shapesThatFit(shapes, session.inputs, input));
  const outputs = await session.run(values);
  await writeWhole(output, await writeArrays(outputs));
  for (const [name, { type, shape }] of Object.entries(outputs)) print(`${name}: ${type} [${shape.join(", ")}]`);
}

/** Of a dynamic input any size is taken; others must have the model's. */
function shapesThatFit(
  shapes: Readonly<Record<string, readonly number[]>>,
  inputs: readonly { name: string; shape: readonly number[]; shapeSignature?: readonly number[] }[],
  file: string,
): Readonly<Record<string, readonly number[]>> {
  for (const { name, shape, shapeSignature = shape } of inputs) {
    const given = shapes[name] ?? [];
    const fits =
      given.length === shape.length && given.every((dim, axis) => [-1, dim].includes(shapeSignature[axis] ?? 0));
    if (fits) continue;
    throw new LiteQuantError({
      code: "SHAPE_MISMATCH",
      message: `${file}: '${name}' has the shape [${given.join(", ")}], the model takes [${shapeSignature.join(", ")}]`,
    });
  }
  return shapes;
}

/** The array of each input, by name or as 'SIGNATURE/INPUT', in the input's own type. */
function inputsOf(
  arrays: Readonly<Record<string, Tensor>>,
  signature: string,
  inputs: readonly PortDescription[],
  file: string,
): Record<string, Tensor> {
  const find = (name: string): Tensor | undefined => {
    const only = inputs.length === 1 ? arrays[""] : undefined;
    const keys = [`${signature}/${name}`, name].filter((key) => Object.hasOwn(arrays, key));
    return keys[0] === undefined ? only : arrays[keys[0]];
  };
  return Object.fromEntries(
    inputs.map(({ name, type }) => {
      const found = find(name);
      if (!found) {
        throw new LiteQuantError({
          code: "BAD_SAMPLE",
          message: `${file} has no array '${name}'`,
          hint: `it has ${Object.keys(arrays)
            .map((key) => `'${key}'`)
            .join(", ")}`,
        });
      }
      if (found.type !== type) {
        throw new LiteQuantError({
          code: "SHAPE_MISMATCH",
          message: `${file}: '${name}' is ${found.type}, the model takes ${type}`,
          hint: "save it as that type",
        });
      }
      return [name, found];
    }),
  );
}

export async function compareCommand(args: Arguments): Promise<void> {
  using first = await load(args.operands[0] as string);
  using second = await load(args.operands[1] as string);
  const data = await datasetOf(args, "data", first, firstSignature(first));
  const report = await compareOn(first, second, data, args);
  if (args.flag("json")) printJson({ ...report, warnings: data.warnings });
  else print(reportText(report));
}

async function compareOn(first: Model, second: Model, data: Dataset, args: Arguments): Promise<Report> {
  const labels = await labelsOf(args, first);
  const line = progressLine();
  try {
    return await compare(first, second, data, { ...signatureOption(args), ...(labels && { labels }), ...line });
  } finally {
    line.end();
  }
}

export async function labelsOf(args: Arguments, model: Model): Promise<readonly number[] | undefined> {
  const path = args.value("labels");
  if (path === undefined) return undefined;
  const classNames = model
    .describe()
    .signatures.flatMap(({ outputs }) => outputs)
    .find((port) => port.labels)?.labels;
  return await parseLabels(await bytes(path), basename(path), classNames);
}

function reportText(report: Report): string {
  const [before, after] = report.bytes;
  const pair = (name: string, values: readonly [number, number] | undefined): readonly string[][] =>
    values ? [[name, `${percentText(values[0])} → ${percentText(values[1])}`]] : [];
  const rows = [
    ["samples", `${report.sampleCount}${report.isRealData ? "" : " (random: not real data)"}`],
    ["bytes", `${before} → ${after} (${(before / after).toFixed(2)} times smaller)`],
    ...(report.agreement === undefined ? [] : [["agreement", percentText(report.agreement)]]),
    ...pair("top-1", report.top1),
    ...pair("top-5", report.top5),
    ...report.outputs.map(({ name, sqnrDb, maxError }) => [
      `output '${name}'`,
      `${decibelText(sqnrDb)}, largest error ${maxError.toPrecision(3)}`,
    ]),
  ];
  const width = Math.max(...rows.map(([name]) => name?.length ?? 0));
  const lines = rows.map(([name, value]) => `${name?.padEnd(width)}  ${value}`);
  const worst = worstTensors(report.tensors);
  if (worst.length > 0) {
    const cells = worst.map(({ name, operator, node, sqnrDb, maxError, rmseOverScale }) => [
      shortened(name),
      `${operator} ${node}`,
      decibelText(sqnrDb),
      maxError.toPrecision(3),
      rmseOverScale > 0 ? rmseOverScale.toFixed(2) : "–",
    ]);
    lines.push("", "worst tensors", table([["tensor", "operator", "SQNR", "largest error", "error/scale"], ...cells]));
  }
  return lines.join("\n");
}

/** Converters join the names of what they fused; the beginning and the end tell most. */
const shortened = (name: string): string => (name.length <= 60 ? name : `${name.slice(0, 30)}…${name.slice(-29)}`);

function worstTensors(tensors: readonly TensorReport[]): readonly TensorReport[] {
  return tensors
    .filter(({ sqnrDb }) => sqnrDb !== null)
    .sort((a, b) => (a.sqnrDb ?? 0) - (b.sqnrDb ?? 0))
    .slice(0, 10);
}

export async function inspectCommand(args: Arguments): Promise<void> {
  using model = await load(args.operands[0] as string);
  const description = model.describe();
  const modes = await describeModes(model);
  if (args.flag("json")) printJson({ ...description, modes });
  else print(describeModel(model.name, description, modes));
}

// ---- Files ----------------------------------------------------------------------------------------------------------

async function bytes(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const reason = code === "ENOENT" ? "there is no such file" : message;
    throw new LiteQuantError({ code: "FILE_NOT_READ", message: `cannot read ${path}: ${reason}` });
  }
}

const text = async (path: string): Promise<string> => new TextDecoder().decode(await bytes(path));
