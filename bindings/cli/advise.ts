// `litequant advise`: the guide's decision tree (web/docs/modes.md) for a model, a target and the data at hand.
import { basename } from "node:path";
import { describeRecipe, LiteQuantError, load } from "../node.js";
import type {
  Mode,
  ModeDescription,
  ModeDescriptions,
  Model,
  ModelDescription,
  Recipe,
  SignatureDescription,
  Target,
} from "../node.js";
import type { Arguments } from "./arguments.js";
import { modeText, placesText } from "./inspect.js";
import { print, printJson } from "./output.js";
import { modes, targets } from "./recipe.js";
import { chosen } from "./values.js";

interface Advice {
  /** Nothing when no mode suits. */
  readonly mode?: Mode;
  readonly reason: string;
}

export async function adviseCommand(args: Arguments): Promise<void> {
  const [file = ""] = args.operands;
  const target = chosen<Target>("--target", args.value("target") ?? "tflite", targets);
  const data = args.list("data");
  using model = await load(file);
  const outlooks = await outlooksOf(model, target);
  const { mode, reason } = adviceFor(model.describe(), outlooks, target, data.length > 0);
  const command = mode && commandOf(file, mode, target, outlooks[mode], data);
  if (args.flag("json")) {
    printJson({
      model: file,
      target,
      hasData: data.length > 0,
      ...(mode && { mode, command }),
      reason,
      modes: outlooks,
    });
  } else {
    const rows = modes.map((name) => `  ${name.padEnd(12)} ${modeText(outlooks[name])}`);
    const end = command
      ? [`recommended: ${mode}`, `  ${reason}`, "", `  ${command}`]
      : [`no mode is recommended`, `  ${reason}`];
    const { unsupported } = outlooks[mode ?? "int8-only"];
    const lacking = unsupported.length > 0 ? ["", `${target} will not run`, placesText(unsupported)] : [];
    print([`${model.name} for ${target}`, ...rows, ...lacking, "", ...end].join("\n"));
  }
  if (!mode) throw new LiteQuantError({ code: "REFUSED", message: `no mode suits ${file} for ${target}: ${reason}` });
}

/** What each mode would do; a mode that the target does not allow is one that cannot be had. */
async function outlooksOf(model: Model, target: Target): Promise<ModeDescriptions> {
  const entries: [Mode, ModeDescription][] = [];
  for (const mode of modes) {
    try {
      entries.push([mode, await describeRecipe(model, recipeFor(mode, target))]);
    } catch (error) {
      if (!(error instanceof LiteQuantError)) throw error;
      const { needsStatistics } = await describeRecipe(model, { mode });
      const nothing = { needsStatistics, needsSequences: false, float: [], unsupported: [] };
      entries.push([mode, { possible: false, reason: error.message, ...nothing }]);
    }
  }
  return Object.fromEntries(entries) as ModeDescriptions;
}

const recipeFor = (mode: Mode, target: Target): Recipe => (target === "tflite" ? { mode } : { mode, target });

/** The tree. */
function adviceFor(
  description: ModelDescription,
  outlooks: ModeDescriptions,
  target: Target,
  hasData: boolean,
): Advice {
  const can = (mode: Mode): boolean => outlooks[mode].possible;
  const isDone = modes.every((mode) => !can(mode) && outlooks[mode].reason.startsWith("there is nothing to do"));
  if (isDone) {
    return { reason: "it is quantized already; litequant dequantize brings its weights back to float" };
  }
  const needed = hasData ? "" : "; it needs samples of what the model will see";
  if (target === "gpu") {
    if (can("float16"))
      return { mode: "float16", reason: "GPUs compute with half-precision weights; no samples are needed" };
    return { reason: outlooks.float16.reason };
  }
  if (target === "micro" || target === "edgetpu") {
    const reason = `${target === "micro" ? "microcontrollers" : "the Edge TPU"} want integers only${needed}`;
    if (can("int8-only")) return { mode: "int8-only", reason };
    if (can("int16x8-only")) {
      return { mode: "int16x8-only", reason: `${reason}; int8 cannot be had (${outlooks["int8-only"].reason})` };
    }
    return { reason: outlooks["int8-only"].reason };
  }
  if (hasData && can("int16x8") && description.signatures.some(makesPictures)) {
    return {
      mode: "int16x8",
      reason: "its output is a picture or a sound, for which int16 activations lose least; int8 is smaller and faster",
    };
  }
  if (hasData && can("int8")) {
    const left = outlooks.int8.float.length;
    const rest = left > 0 ? `; ${left} ${left === 1 ? "operator stays" : "operators stay"} in float` : "";
    return { mode: "int8", reason: `there are samples, and integers are the fastest on a CPU${rest}` };
  }
  if (can("dynamic")) {
    const more = can("int8") ? "; with samples (--data PATH…), int8 would be faster" : "";
    return { mode: "dynamic", reason: `four times smaller weights without any sample: where to start${more}` };
  }
  if (can("float16"))
    return { mode: "float16", reason: "its weights are too few for int8; half precision halves them" };
  if (can("int8")) return { mode: "int8", reason: `only the integer modes change this model${needed}` };
  return { reason: outlooks.int8.reason };
}

/** Whether an output is as large as an input that has two or more axes beside the batch. */
function makesPictures({ inputs, outputs }: SignatureDescription): boolean {
  const size = (shape: readonly number[]): number => shape.slice(1).reduce((product, dim) => product * dim, 1);
  const largest = Math.max(...inputs.map(({ shape }) => (shape.length >= 3 ? size(shape) : Infinity)));
  return outputs.some(({ type, shape }) => type === "float32" && shape.length >= 3 && size(shape) >= largest / 3);
}

/** `data`: paths of samples, or none known. Where they must be sequences, all of them are one. */
function commandOf(
  file: string,
  mode: Mode,
  target: Target,
  { needsStatistics, needsSequences }: ModeDescription,
  data: readonly string[],
): string {
  const output = `${basename(file).replace(/\.\w+$/, "")}.${mode}.tflite`;
  const samples = needsStatistics ? ["--calibrate", ...(data.length > 0 ? data : ["PATH…"])] : [];
  const sequences = needsSequences ? ["--sequence", "all"] : [];
  const words = ["quantize", file, "-o", output, "--mode", mode, ...(target === "tflite" ? [] : ["--target", target])];
  return ["litequant", ...[...words, ...samples, ...sequences].map(shellWord)].join(" ");
}

const shellWord = (word: string): string =>
  /^[\w./:=,@%+…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
