// Recipes as the command line spells them.
import type { InputOutputType, Mode, Recipe, Target, WeightGranularity } from "../node.js";
import type { Arguments } from "./arguments.js";
import { chosen, wholeNumber } from "./values.js";

export const modes: readonly Mode[] = ["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"];
export const targets: readonly Target[] = ["tflite", "tflite-old", "micro", "edgetpu", "gpu"];
const types: readonly InputOutputType[] = ["float32", "int8", "uint8", "int16"];
const granularities: readonly WeightGranularity[] = ["per-channel", "per-tensor", "per-tensor-dense"];

export function recipeOf(args: Arguments): Recipe {
  const [io, weights, target, least] = ["io", "weights", "target", "min-elements"].map((name) => args.value(name));
  const [keepFloat, keepInt16] = [args.list("keep-float"), args.list("keep-int16")];
  return {
    mode: chosen("--mode", args.needed("mode"), modes),
    ...(io !== undefined && { io: chosen("--io", io, types) }),
    ...(weights !== undefined && { weights: chosen("--weights", weights, granularities) }),
    ...(target !== undefined && { target: chosen("--target", target, targets) }),
    ...(args.flag("symmetric") && { symmetricActivations: true }),
    ...(least !== undefined && { minimumElements: wholeNumber("--min-elements", least, 0) }),
    ...(args.flag("weights-only") && { weightsOnly: true }),
    ...(keepFloat.length > 0 && { keepFloat }),
    ...(keepInt16.length > 0 && { keepInt16 }),
  };
}
