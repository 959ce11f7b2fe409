// What the page holds at any moment: one immutable value. workbench.ts makes the next one.
import type {
  Dataset,
  EngineInfo,
  ModeDescriptions,
  Model,
  ModelDescription,
  Phase,
  Pixels,
  Progress,
  Recipe,
  Report,
} from "litequant";
import type { Example } from "./example.js";
import type { Guess } from "./guess.js";
import type { KeptFacts } from "./kept.js";
import type { Latency } from "./latency.js";
import type { Preprocessing, Spread } from "./pictures.js";
import type { Settings } from "./settings.js";

/** The float model that is to be quantized. */
export interface ModelState {
  readonly handle: Model;
  readonly description: ModelDescription;
  /** What each mode would do with it, without further choices. */
  readonly modes: ModeDescriptions;
  /** Of ours, if it is one. */
  readonly example: Example | undefined;
  readonly classNames: readonly string[];
}

export interface SamplesState {
  readonly origin: "files" | "example" | "camera" | "random";
  /** Of the folder, as the command line would be told. */
  readonly calibration: Dataset;
  /** Compared on; with labels where they are known. */
  readonly evaluation: Dataset;
  readonly labels: readonly number[] | undefined;
  /** The first samples as pictures, drawn from the tensors that the model gets. */
  readonly thumbnails: readonly Pixels[];
  /** Over the values of those. */
  readonly spread: Spread | undefined;
  readonly guess: Guess | undefined;
}

export type WorkPhase = Phase | "measure";

export interface Work {
  readonly kind: "load" | "read" | "quantize" | "every";
  /** What it is about: a file's name, or a mode. */
  readonly subject: string;
  /** All phases in order, and which of them is going on. */
  readonly phases: readonly WorkPhase[];
  readonly phase: WorkPhase | undefined;
  readonly progress: Progress | undefined;
  /** Among how many the phase is spread. */
  readonly workers: number;
  readonly cancel: () => void;
}

/** A quantized model and what was found about it. */
export interface Result {
  readonly id: number;
  /** Absent for a file that was loaded as it is. */
  readonly recipe: Recipe | undefined;
  readonly model: Model;
  readonly fileName: string;
  /** Compared with the float model on the samples; absent without samples. */
  readonly report: Report | undefined;
  readonly latency: readonly [float: Latency, quantized: Latency] | undefined;
}

/** A mode that could not be had, in the table of all modes. */
export interface Refusal {
  readonly recipe: Recipe;
  readonly message: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface State {
  readonly model: ModelState | undefined;
  /** The quantized file that `model` was made of, or that is compared with it. */
  readonly loaded: Model | undefined;
  readonly samples: SamplesState | undefined;
  readonly preprocessing: Preprocessing;
  readonly settings: Settings;
  /** What each mode would do, for the recipe's target. */
  readonly outlooks: ModeDescriptions | undefined;
  readonly work: Work | undefined;
  readonly results: readonly Result[];
  readonly refusals: readonly Refusal[];
  readonly shownId: number | undefined;
  readonly failure: Failure | undefined;
  /** The engine that runs, once it does. */
  readonly engine: EngineInfo | undefined;
  /** What is there of the user's for the next visit, and whether it follows what the page holds. */
  readonly kept: KeptFacts | undefined;
  readonly isKeeping: boolean;
  /** For screen readers: what has just happened. */
  readonly status: string;
}

export const shownResult = ({ results, shownId }: State): Result | undefined =>
  results.find(({ id }) => id === shownId);

/** What keeps the recipe from being carried out. */
export type Obstacle = "noModel" | "noSamples" | { readonly reason: string };

export function obstacleOf({ model, samples, outlooks, settings }: State): Obstacle | undefined {
  const outlook = outlooks?.[settings.recipe.mode];
  if (!model || !outlook) return "noModel";
  if (!outlook.possible) return { reason: outlook.reason };
  return outlook.needsStatistics && !samples ? "noSamples" : undefined;
}
