// `litequant report`: one table of what every mode costs and gives.
import { access, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  calibrate,
  compare,
  createSession,
  decodeImage,
  describeModes,
  LiteQuantError,
  load,
  openDataset,
  quantize,
  tilesOf,
} from "../node.js";
import type { Dataset, Mode, Model, Normalization, Pixels, Statistics } from "../node.js";
import { UsageError } from "./arguments.js";
import type { Arguments } from "./arguments.js";
import { datasetOf, firstSignature, labelsOf, sequenceOption, signatureOption } from "./commands.js";
import { decibelText, note, percentText, print, printJson, progressLine, table } from "./output.js";

interface Material {
  readonly model: Model;
  readonly data: Dataset;
  readonly labels: readonly number[] | undefined;
  readonly calibration: Dataset;
}

interface Row {
  readonly mode: string;
  readonly bytes: number;
  readonly ratio: number;
  readonly top1?: number;
  readonly agreement?: number;
  readonly sqnrDb?: number | null;
  readonly msPerInference: number;
  readonly refusal?: string;
}

const modes: readonly Mode[] = ["float16", "dynamic", "int8", "int8-only", "int16x8", "int16x8-only"];

export async function reportCommand(args: Arguments): Promise<void> {
  const material = args.flag("example") ? await exampleMaterial() : await materialOf(args);
  const { model, data, calibration } = material;
  const line = progressLine();
  try {
    const options = { ...signatureOption(args), ...line };
    const sequence = sequenceOption(args);
    const float = await rowOf("float32", model, material, options);
    let statistics: Statistics | undefined;
    const rows: Row[] = [float];
    const outlooks = await describeModes(model);
    for (const mode of modes) {
      if (outlooks[mode].needsStatistics)
        statistics ??= await calibrate(model, calibration, { ...options, ...sequence });
      try {
        using quantized = await quantize(model, { mode }, statistics);
        rows.push(await rowOf(mode, quantized, material, options));
      } catch (error) {
        if (!(error instanceof LiteQuantError) || error.code !== "REFUSED") throw error;
        rows.push({ mode, bytes: 0, ratio: 0, msPerInference: 0, refusal: error.message });
      }
    }
    line.end();
    if (args.flag("json")) printJson({ model: model.name, samples: data.length, isRealData: data.isRealData, rows });
    else print(textOf(model.name, data, calibration, rows));
  } finally {
    line.end();
  }
}

async function rowOf(
  mode: string,
  candidate: Model,
  { model, data, labels }: Material,
  options: { readonly signature?: string },
): Promise<Row> {
  const report = await compare(model, candidate, data, { ...options, ...(labels && { labels }) });
  using session = await createSession(candidate, options);
  // Any input takes the same time; random numbers are one that every model accepts.
  for await (const sample of await openDataset("random:1", candidate, {
    ...firstSignature(candidate),
    ...options,
  }))
    await session.run(sample);
  const { medianMs } = await session.measure({ repeat: 30 });
  return {
    mode,
    bytes: candidate.byteLength,
    ratio: model.byteLength / candidate.byteLength,
    msPerInference: medianMs,
    ...(report.top1 && { top1: report.top1[1] }),
    ...(report.agreement !== undefined && { agreement: report.agreement }),
    ...(report.outputs[0] && { sqnrDb: report.outputs[0].sqnrDb }),
  };
}

function textOf(name: string, data: Dataset, calibration: Dataset, rows: readonly Row[]): string {
  const cells = rows.map(({ mode, bytes, ratio, top1, agreement, sqnrDb, msPerInference, refusal }) =>
    refusal === undefined
      ? [
          mode,
          String(bytes),
          ratio.toFixed(2),
          percentText(top1),
          percentText(agreement),
          decibelText(sqnrDb),
          msPerInference.toFixed(msPerInference < 10 ? 3 : 1),
        ]
      : [mode, "refused", "–", "–", "–", "–", "–"],
  );
  const refusals = rows.flatMap(({ mode, refusal }) => (refusal === undefined ? [] : [`${mode}: ${refusal}`]));
  const kind = (set: Dataset): string => `${set.length} samples${set.isRealData ? "" : " (random: not real data)"}`;
  return [
    `${name}: compared on ${kind(data)}, calibrated on ${kind(calibration)}`,
    "",
    table([["mode", "bytes", "ratio", "top-1", "agreement", "SQNR", "ms/inference"], ...cells]),
    ...refusals,
  ].join("\n");
}

async function materialOf(args: Arguments): Promise<Material> {
  const path = args.value("model");
  if (path === undefined) throw new UsageError("--example or --model MODEL must be given", "litequant report --help");
  const model = await load(path);
  const data = await datasetOf(args, "data", model, firstSignature(model));
  const hasOwn = args.list("calibrate").length > 0;
  // Every signature is calibrated, one is compared.
  const isShared = !hasOwn && model.describe().signatures.length === 1;
  const calibration = isShared ? data : await datasetOf(args, hasOwn ? "calibrate" : "data", model);
  if (!hasOwn) note("calibrated on the samples it is compared on; --calibrate PATH… gives others");
  return { model, data, calibration, labels: (await labelsOf(args, model)) ?? data.labels };
}

// ---- The embedded example -------------------------------------------------------------------------------------------

interface Sheet {
  readonly sheet: string;
  readonly rows: number;
  readonly labels: readonly number[];
}
interface ExampleFacts extends Sheet {
  readonly columns: number;
  readonly normalisation: { readonly mean: number; readonly std: number };
  readonly calibration: Sheet;
}

async function exampleMaterial(): Promise<Material> {
  const folder = new URL("../web/examples/characters/", import.meta.url);
  try {
    await access(new URL("characters.tflite", folder));
  } catch {
    throw new LiteQuantError({
      code: "FILE_NOT_READ",
      message: `the example is not there: ${fileURLToPath(folder)}`,
      hint: "it comes with the source, not with the package; use --model and --data",
    });
  }
  const model = await load(new URL("characters.tflite", folder));
  const facts = JSON.parse(await readFile(new URL("samples.json", folder), "utf8")) as ExampleFacts;
  const { mean, std } = facts.normalisation;
  const normalize: Normalization = { mean: [mean], std: [std] };
  const tiles = async ({ sheet, rows, labels }: Sheet): Promise<readonly Pixels[]> => {
    const pixels = await decodeImage(new Uint8Array(await readFile(new URL(sheet, folder))));
    return tilesOf(pixels, facts.columns, rows, labels.length);
  };
  return {
    model,
    data: await openDataset(await tiles(facts), model, { normalize }),
    labels: facts.labels,
    calibration: await openDataset(await tiles(facts.calibration), model, { normalize }),
  };
}
