// Recipes as the page offers them.
import type { InputOutputType, Mode, Recipe, Target, WeightGranularity } from "litequant";

export const modes: readonly Mode[] = ["int8", "int8-only", "dynamic", "float16", "int16x8", "int16x8-only"];
export const targets: readonly Target[] = ["tflite", "tflite-old", "micro", "edgetpu", "gpu"];
export const granularities: readonly WeightGranularity[] = ["per-channel", "per-tensor", "per-tensor-dense"];

/** The types that inputs and outputs can have, the usual one first. */
export const inputOutputTypes: Readonly<Record<Mode, readonly InputOutputType[]>> = {
  dynamic: ["float32"],
  float16: ["float32"],
  int8: ["float32", "int8", "uint8"],
  "int8-only": ["int8", "uint8"],
  int16x8: ["float32", "int16"],
  "int16x8-only": ["int16"],
};

const isInteger = (mode: Mode) => mode !== "dynamic" && mode !== "float16";

export const options = {
  weights: (mode: Mode) => mode !== "float16",
  symmetricActivations: (mode: Mode) => mode === "int8" || mode === "int8-only",
  minimumElements: (mode: Mode) => !isInteger(mode),
  weightsOnly: (mode: Mode) => mode === "dynamic",
  keepFloat: (mode: Mode) => mode !== "int8-only" && mode !== "int16x8-only",
  keepInt16: (mode: Mode) => mode === "int8",
} satisfies Partial<Record<keyof Recipe, (mode: Mode) => boolean>>;

/** The recipe for a mode with only what matters to it and differs from the default. */
export function essentialRecipe(recipe: Recipe, mode: Mode = recipe.mode): Recipe {
  const { io, weights, target, symmetricActivations, minimumElements, weightsOnly, keepFloat, keepInt16 } = recipe;
  const types = inputOutputTypes[mode];
  return {
    mode,
    ...(io !== undefined && io !== types[0] && types.includes(io) && { io }),
    ...(weights && weights !== "per-channel" && options.weights(mode) && { weights }),
    ...(target && target !== "tflite" && { target }),
    ...(symmetricActivations && options.symmetricActivations(mode) && { symmetricActivations }),
    ...(minimumElements !== undefined && options.minimumElements(mode) && { minimumElements }),
    ...(weightsOnly && options.weightsOnly(mode) && { weightsOnly }),
    ...(keepFloat && keepFloat.length > 0 && options.keepFloat(mode) && { keepFloat }),
    ...(keepInt16 && keepInt16.length > 0 && options.keepInt16(mode) && { keepInt16 }),
  };
}

export const sameRecipe = (a: Recipe, b: Recipe): boolean =>
  JSON.stringify(essentialRecipe(a)) === JSON.stringify(essentialRecipe(b));

/** What a recipe adds to its mode, in a few words of the command line: "uint8, per-tensor, 2 in float". */
export function recipeNotes(recipe: Recipe): readonly string[] {
  const { io, weights, target, symmetricActivations, minimumElements, weightsOnly, keepFloat, keepInt16 } =
    essentialRecipe(recipe);
  return [
    io,
    weights,
    target,
    symmetricActivations && "symmetric",
    minimumElements !== undefined && `min-elements ${minimumElements}`,
    weightsOnly && "weights-only",
    keepFloat && `keep-float ${keepFloat.length}`,
    keepInt16 && `keep-int16 ${keepInt16.length}`,
  ].filter((note): note is string => typeof note === "string");
}
