// The command line and the few lines of code that make the same file.
import type { ImageOptions, Recipe } from "litequant";
import { essentialRecipe } from "./recipes.js";
import type { ModelState, SamplesState } from "./state.js";

const shellWord = (word: string): string =>
  /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** Where the samples lie is not known to a page: a folder stands for them. */
const sampleFolder = "samples/";

/** The size is the model's own unless it takes any. */
const isOpen = ({ description }: ModelState): boolean =>
  description.signatures[0]?.inputs[0]?.shapeSignature?.slice(1, 3).includes(-1) ?? false;

function pictureWords({ normalize, order, resize, crop, height, width }: ImageOptions, model: ModelState): string[] {
  const range = normalize && ("mean" in normalize ? undefined : normalize.join(","));
  const meanStd =
    normalize && "mean" in normalize ? `${normalize.mean.join(",")}/${normalize.std.join(",")}` : undefined;
  return [
    ...(normalize ? [`--normalize=${range ?? meanStd ?? ""}`] : []),
    ...(isOpen(model) ? [`--size=${height},${width}`] : []),
    ...(order === "bgr" ? ["--order=bgr"] : []),
    ...(resize === "cover" ? ["--resize=cover"] : []),
    ...(crop !== undefined && crop !== 1 ? [`--crop=${crop}`] : []),
  ];
}

export function commandFor(
  model: ModelState,
  output: string,
  recipe: Recipe,
  samples: SamplesState | undefined,
): string {
  const { mode, io, weights, target, symmetricActivations, minimumElements, weightsOnly, keepFloat, keepInt16 } =
    essentialRecipe(recipe);
  const needsSamples = mode !== "dynamic" && mode !== "float16";
  const image = samples?.calibration.image;
  const words = [
    ...["npx", "litequant", "quantize", model.handle.name, "-o", output, "--mode", mode],
    ...(io ? ["--io", io] : []),
    ...(weights ? ["--weights", weights] : []),
    ...(target ? ["--target", target] : []),
    ...(symmetricActivations ? ["--symmetric"] : []),
    ...(minimumElements !== undefined ? ["--min-elements", String(minimumElements)] : []),
    ...(weightsOnly ? ["--weights-only"] : []),
    ...(keepFloat ?? []).map((node) => `--keep-float=${String(node)}`),
    ...(keepInt16 ?? []).map((node) => `--keep-int16=${String(node)}`),
    ...(needsSamples ? [`--calibrate=${sampleFolder}`, ...(image ? pictureWords(image, model) : [])] : []),
  ];
  return words.map(shellWord).join(" ");
}

export function snippetFor(
  model: ModelState,
  output: string,
  recipe: Recipe,
  samples: SamplesState | undefined,
): string {
  const essential = essentialRecipe(recipe);
  const needsSamples = essential.mode !== "dynamic" && essential.mode !== "float16";
  const { normalize, order, resize, crop, height, width } = samples?.calibration.image ?? {};
  const options = {
    ...(isOpen(model) && { size: [height, width] }),
    ...(normalize && { normalize }),
    ...(order === "bgr" && { order }),
    ...(resize === "cover" && { resize }),
    ...(crop !== undefined && crop !== 1 && { crop }),
  };
  const json = JSON.stringify;
  return [
    'import { writeFile } from "node:fs/promises";',
    `import { ${needsSamples ? "calibrate, " : ""}load, ${needsSamples ? "openDataset, " : ""}quantize } from "litequant";`,
    "",
    `const model = await load(${json(model.handle.name)});`,
    ...(needsSamples
      ? [
          `const samples = await openDataset(${json(sampleFolder)}, model, ${json(options)});`,
          "const statistics = await calibrate(model, samples);",
        ]
      : []),
    `const small = await quantize(model, ${json(essential)}${needsSamples ? ", statistics" : ""});`,
    `await writeFile(${json(output)}, await small.save());`,
    "",
  ].join("\n");
}
