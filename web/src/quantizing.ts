// Making a quantized model and finding out about it: calibrate, quantize, compare, measure.
import {
  type Dataset,
  type InputValue,
  type Model,
  type Progress,
  type Recipe,
  type Report,
  type Statistics,
  calibrate,
  compare,
  quantize,
} from "litequant";
import { inputsOf } from "./guess.js";
import { type Latency, measureLatency } from "./latency.js";
import { essentialRecipe } from "./recipes.js";
import type { ModelState, SamplesState, WorkPhase } from "./state.js";

export const mostCompared = 200;
const mostWorkers = 4;
const leastSamplesEach = 12;

export interface Steps {
  readonly signal: AbortSignal;
  /** `workers`: among how many the phase is spread. */
  readonly phase: (phase: WorkPhase, workers?: number) => void;
  readonly onProgress: (progress: Progress) => void;
}

/** Remembers what calibration and measuring of the float model gave, for as long as model and samples are the same. */
export class Quantizing {
  private calibrated: { of: Dataset; model: Model; statistics: Statistics } | undefined;
  private measured: { model: Model; of: Dataset | undefined; latency: Latency } | undefined;

  phasesOf(needsStatistics: boolean, samples: SamplesState | undefined): WorkPhase[] {
    return [
      ...(needsStatistics ? (["calibrate"] as const) : []),
      "quantize" as const,
      ...(samples ? (["compare"] as const) : []),
      "measure" as const,
    ];
  }

  async make(recipe: Recipe, model: ModelState, samples: SamplesState | undefined, steps: Steps): Promise<Model> {
    const { needsStatistics } = model.modes[recipe.mode];
    const statistics = needsStatistics && samples ? await this.statistics(model.handle, samples, steps) : undefined;
    steps.phase("quantize");
    return await quantize(model.handle, essentialRecipe(recipe), statistics, options(steps));
  }

  async report(first: Model, second: Model, samples: SamplesState, steps: Steps): Promise<Report> {
    steps.phase("compare");
    const { evaluation, labels } = samples;
    return await compare(first, second, firstOf(evaluation, mostCompared), {
      ...options(steps),
      total: Math.min(evaluation.length, mostCompared),
      isRealData: evaluation.isRealData,
      ...(labels ? { labels: labels.slice(0, mostCompared) } : {}),
    });
  }

  async latencies(
    first: Model,
    second: Model,
    samples: SamplesState | undefined,
    { phase, signal }: Steps,
  ): Promise<readonly [Latency, Latency]> {
    phase("measure");
    const dataset = samples?.calibration;
    const sample = dataset ? await firstSampleOf(dataset) : [];
    if (this.measured?.model !== first || this.measured.of !== dataset)
      this.measured = { model: first, of: dataset, latency: await measureLatency(first, sample, signal) };
    return [this.measured.latency, await measureLatency(second, sample, signal)];
  }

  private async statistics(model: Model, samples: SamplesState, steps: Steps): Promise<Statistics> {
    if (this.calibrated?.model !== model || this.calibrated.of !== samples.calibration) {
      const workers = workersFor(samples.calibration.length);
      steps.phase("calibrate", workers);
      const statistics = await calibrate(model, samples.calibration, { ...options(steps), workers });
      this.calibrated = { of: samples.calibration, model, statistics };
    }
    return this.calibrated.statistics;
  }
}

/** A worker has to start and load the model: few samples are not worth it. */
const workersFor = (samples: number): number =>
  Math.max(1, Math.min(navigator.hardwareConcurrency, mostWorkers, Math.floor(samples / leastSamplesEach)));

const options = ({ signal, onProgress }: Steps) => ({ signal, onProgress });

async function* firstOf(dataset: Dataset, count: number) {
  let taken = 0;
  for await (const sample of dataset) {
    if (taken++ >= count) return;
    yield sample;
  }
}

async function firstSampleOf(dataset: Dataset): Promise<readonly InputValue[]> {
  for await (const sample of dataset) return inputsOf(sample);
  return [];
}
