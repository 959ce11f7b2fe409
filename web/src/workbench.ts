// What can be done with what the page holds. Components draw `state` and call the methods; nothing else changes it.
import {
  type DataSource,
  type DataFile,
  type Dataset,
  LiteQuantError,
  type Mode,
  type ModeDescription,
  type Model,
  type Normalization,
  type Pixels,
  type Progress,
  type Recipe,
  dequantize,
  describeModes,
  describeRecipe,
  engine,
  load,
  openDataset,
  parseLabels,
} from "litequant";
import type { Example } from "./example.js";
import { type Guess, firstInput, guessNormalization } from "./guess.js";
import {
  type Preprocessing,
  normalizations,
  pictureOfTensor,
  pictureOfValues,
  spreadOf,
  usualPreprocessing,
} from "./pictures.js";
import { Quantizing, type Steps } from "./quantizing.js";
import { essentialRecipe, modes, sameRecipe } from "./recipes.js";
import { type Settings, applyTheme, keepSettings, readSettings } from "./settings.js";
import type { Failure, ModelState, Result, SamplesState, State, Work, WorkPhase } from "./state.js";
import { countText, text, useLanguage } from "./text.js";

const thumbnailCount = 24;

type Source =
  | { readonly origin: "files"; readonly files: readonly DataFile[] }
  | { readonly origin: "camera"; readonly pictures: readonly Pixels[] }
  | { readonly origin: "random" };

/** Enough for a try; the report says that they are not real. */
const randomSamples = "random:16";

/** Pages from disk have no storage of their own. */
export const canKeep = location.protocol !== "file:" && "getDirectory" in (navigator.storage ?? {});

/** Fetched when the page has been drawn. */
const keptData = () => import("./kept.js");

export class Workbench {
  state: State = {
    model: undefined,
    loaded: undefined,
    samples: undefined,
    preprocessing: usualPreprocessing,
    settings: readSettings(),
    outlooks: undefined,
    work: undefined,
    results: [],
    refusals: [],
    shownId: undefined,
    failure: undefined,
    engine: undefined,
    kept: undefined,
    isKeeping: false,
    status: "",
  };
  private readonly listeners = new Set<() => void>();
  private source: Source | undefined;
  /** The file of the model, unless it is an example. */
  private modelFile: Blob | undefined;
  private quantizing = new Quantizing();
  private lastId = 0;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // ---- settings ----

  async start(): Promise<void> {
    await this.applySettings(this.state.settings);
    void this.startEngine();
    if (canKeep) void keptData().then(async ({ keptFacts }) => this.change({ kept: await keptFacts() }));
  }

  /** Beforehand: it is ready when the first model comes, and a browser that cannot run it says so at once. */
  private async startEngine(): Promise<void> {
    try {
      this.change({ engine: await engine() });
    } catch (error) {
      this.fail(error);
    }
  }

  async useSettings(changes: Partial<Settings>): Promise<void> {
    const settings = { ...this.state.settings, ...changes };
    await this.applySettings(settings);
    keepSettings(settings);
    if (changes.recipe) await this.showOutlooks();
  }

  useRecipe(changes: Partial<Recipe>): Promise<void> {
    return this.useSettings({ recipe: { ...this.state.settings.recipe, ...changes } });
  }

  private async applySettings(settings: Settings): Promise<void> {
    applyTheme(settings.theme);
    await useLanguage(settings.language);
    this.change({ settings });
  }

  // ---- model and samples ----

  openExample(example: Example): Promise<void> {
    const name = `${example.name}.tflite`;
    return this.work("load", name, async ({ signal }) => {
      this.source = undefined;
      await this.takeModel(await example.fetchModel(), name, example, signal);
      await this.readSamples(signal);
    });
  }

  openModel(file: File): Promise<void> {
    return this.work("load", file.name, async ({ signal }) => {
      await this.takeModel(file, file.name, undefined, signal);
      if (this.source) await this.readSamples(signal);
      await this.keepAgain();
    });
  }

  /** A file of the page's own server: the security policy allows no other. */
  openAddress(address: URL): Promise<void> {
    const name = decodeURIComponent(address.pathname.split("/").at(-1) ?? "model");
    return this.work("load", name, async ({ signal }) => {
      const response = await fetch(address, { signal });
      if (!response.ok) {
        const message = text("error.address", { address: address.href, status: response.status });
        throw new LiteQuantError({ code: "FILE_NOT_READ", message, hint: "" });
      }
      await this.takeModel(await response.blob(), name, undefined, signal);
      if (this.source) await this.readSamples(signal);
      await this.keepAgain();
    });
  }

  openSamples(files: readonly DataFile[]): Promise<void> {
    return this.useSource({ origin: "files", files });
  }

  useCameraPictures(pictures: readonly Pixels[]): Promise<void> {
    return this.useSource({ origin: "camera", pictures });
  }

  useRandomSamples(): Promise<void> {
    return this.useSource({ origin: "random" });
  }

  // ---- kept for the next visit ----

  async keepData(isWanted: boolean): Promise<void> {
    if (!isWanted) return await this.forgetKept();
    this.change({ isKeeping: true });
    await this.keepNow();
  }

  openKept(): Promise<void> {
    return this.work("load", this.state.kept?.model ?? "", async ({ signal }) => {
      const kept = await (await keptData()).readKept();
      this.source = kept.samples.length > 0 ? { origin: "files", files: kept.samples } : undefined;
      await this.takeModel(kept.model, kept.facts.model, undefined, signal);
      if (this.source) await this.readSamples(signal);
      this.change({ isKeeping: true, kept: kept.facts });
    });
  }

  async forgetKept(): Promise<void> {
    try {
      await (await keptData()).forget();
      this.change({ kept: undefined, isKeeping: false, status: text("status.forgotten") });
    } catch (error) {
      this.fail(error);
    }
  }

  /** What is kept follows what the page holds. */
  private async keepAgain(): Promise<void> {
    if (this.state.isKeeping) await this.keepNow();
  }

  private async keepNow(): Promise<void> {
    const { model } = this.state;
    if (!model || !this.modelFile) return;
    try {
      const { keep, filesOf } = await keptData();
      const { source } = this;
      const files =
        source?.origin === "files" ? source.files : source?.origin === "camera" ? await filesOf(source.pictures) : [];
      const kept = await keep(model.handle.name, this.modelFile, files);
      this.change({ kept, status: text("status.kept") });
    } catch (error) {
      this.change({ kept: undefined, isKeeping: false });
      this.fail(error);
    }
  }

  private useSource(source: Source): Promise<void> {
    this.source = source;
    const read = async ({ signal }: Steps) => {
      await this.readSamples(signal);
      await this.keepAgain();
    };
    if (this.state.model) return this.work("read", "", read);
    this.change({ status: text("status.samplesKept") });
    return Promise.resolve();
  }

  usePreprocessing(changes: Partial<Preprocessing>): Promise<void> {
    this.change({ preprocessing: { ...this.state.preprocessing, ...changes } });
    if (!this.state.samples) return Promise.resolve();
    return this.work("read", "", ({ signal }) => this.readSamples(signal));
  }

  openLabels(file: File): Promise<void> {
    return this.work("read", file.name, async () => {
      const { model, samples } = this.state;
      if (!model || !samples) return;
      const names = model.classNames.length > 0 ? model.classNames : undefined;
      const labels = await parseLabels(new Uint8Array(await file.arrayBuffer()), file.name, names);
      const { length } = samples.evaluation;
      if (labels.length !== length) {
        const message = text("error.labelCount", { labels: labels.length, samples: length });
        throw new LiteQuantError({ code: "BAD_ARGUMENT", message, hint: "" });
      }
      this.discardResults();
      this.change({ samples: { ...samples, labels }, status: countText("status.labels", labels.length) });
    });
  }

  /** The loaded file's integers as floats, to be quantized anew; the file itself stays to be compared. */
  bringBackToFloat(): Promise<void> {
    return this.work("load", this.state.model?.handle.name ?? "", async ({ signal }) => {
      const loaded = this.state.model?.handle;
      if (!loaded) return;
      const float = await dequantize(loaded, { signal });
      await this.adoptModel(float, this.state.model?.example, loaded);
      if (this.source) await this.readSamples(signal);
    });
  }

  /** `file`: the float model that the loaded quantized one was made of. */
  openOriginal(file: File): Promise<void> {
    return this.work("load", file.name, async ({ signal }) => {
      const loaded = this.state.model?.handle;
      const float = await load(file, { name: file.name, signal });
      await this.adoptModel(float, undefined, loaded);
      if (this.source) await this.readSamples(signal);
    });
  }

  private async takeModel(
    source: Blob,
    name: string,
    example: Example | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const handle = await load(source, { name, signal });
    this.state.model?.handle.dispose();
    this.state.loaded?.dispose();
    this.modelFile = example ? undefined : source;
    await this.adoptModel(handle, example, undefined);
  }

  private async adoptModel(handle: Model, example: Example | undefined, loaded: Model | undefined): Promise<void> {
    this.discardResults();
    this.quantizing = new Quantizing();
    const description = handle.describe();
    const classNames = description.signatures[0]?.outputs[0]?.labels ?? [];
    const model = { handle, description, modes: await describeModes(handle), example, classNames };
    const recipe = { ...this.state.settings.recipe, keepFloat: [], keepInt16: [] };
    // Samples were made for the inputs of the model before.
    this.change({
      model,
      loaded,
      samples: undefined,
      engine: await engine(),
      settings: { ...this.state.settings, recipe },
      status: text("status.loaded", { name: handle.name }),
    });
    await this.showOutlooks();
  }

  /** Makes samples for the model's inputs, out of the user's files, the camera's pictures or the example's samples. */
  private async readSamples(signal: AbortSignal): Promise<void> {
    const { model } = this.state;
    if (!model) return;
    if (this.source) {
      const { origin } = this.source;
      const source: DataSource =
        origin === "files" ? this.source.files : origin === "camera" ? this.source.pictures : randomSamples;
      const guess = await this.guessFor(source, model, signal);
      const dataset = await openDataset(source, model.handle, this.datasetOptions(model, guess));
      await this.takeSamples(origin, dataset, dataset, dataset.labels, guess);
    } else if (model.example) {
      const samples = await model.example.fetchSamples();
      const options = this.datasetOptions(model, undefined);
      const calibration = await openDataset(samples.calibration, model.handle, options);
      const evaluation = await openDataset(samples.evaluation, model.handle, options);
      await this.takeSamples("example", calibration, evaluation, samples.labels, undefined);
    }
  }

  /** Only where pictures are for a float input whose normalisation nobody told. */
  private async guessFor(source: DataSource, model: ModelState, signal: AbortSignal): Promise<Guess | undefined> {
    if (this.state.preprocessing.normalization !== "auto") return undefined;
    const [input] = model.description.signatures[0]?.inputs ?? [];
    if (!input || input.type !== "float32" || input.normalization) return undefined;
    const probe = await openDataset(source, model.handle, { ...this.datasetOptions(model, undefined), limit: 1 });
    if (!probe.image) return undefined;
    return await guessNormalization(source, model.handle, signal);
  }

  private datasetOptions(model: ModelState, guess: Guess | undefined) {
    const { normalization, order, resize, crop, side } = this.state.preprocessing;
    const name = normalization === "auto" ? guess?.rows[0]?.name : normalization;
    const normalize = name && (normalizations[name] as Normalization);
    return {
      order,
      resize,
      crop,
      size: [side, side] as const,
      ...(normalize ? { normalize } : {}),
      ...(model.classNames.length > 0 ? { classNames: model.classNames } : {}),
    };
  }

  private async takeSamples(
    origin: SamplesState["origin"],
    calibration: Dataset,
    evaluation: Dataset,
    labels: readonly number[] | undefined,
    guess: Guess | undefined,
  ): Promise<void> {
    const { thumbnails, spread } = await firstSamples(calibration, this.state.model);
    this.discardResults();
    this.change({
      samples: { origin, calibration, evaluation, labels, thumbnails, spread, guess },
      status: countText("status.samples", calibration.length),
    });
  }

  private async showOutlooks(): Promise<void> {
    const { model, settings } = this.state;
    if (!model) return;
    const rows: [Mode, ModeDescription][] = [];
    for (const mode of modes) {
      const usual = model.modes[mode];
      try {
        rows.push([mode, await describeRecipe(model.handle, essentialRecipe(settings.recipe, mode))]);
      } catch (error) {
        rows.push([mode, { ...usual, possible: false, reason: failureOf(error).message }]);
      }
    }
    if (this.state.model === model) this.change({ outlooks: Object.fromEntries(rows) as State["outlooks"] });
  }

  // ---- quantize ----

  quantize(): Promise<void> {
    const { model, samples, settings } = this.state;
    if (!model) return Promise.resolve();
    const { needsStatistics } = model.modes[settings.recipe.mode];
    const phases = this.quantizing.phasesOf(needsStatistics, samples);
    return this.work("quantize", settings.recipe.mode, (steps) => this.quantizeWith(settings.recipe, steps), phases);
  }

  /** One row for each mode in the table of results, with the recipe's other choices where they apply. */
  quantizeEvery(): Promise<void> {
    const { model, samples, settings, outlooks } = this.state;
    if (!model) return Promise.resolve();
    const phases = this.quantizing.phasesOf(samples !== undefined, samples);
    const act = async (steps: Steps) => {
      this.change({ refusals: [] });
      for (const mode of modes) {
        const outlook = outlooks?.[mode];
        const recipe = essentialRecipe(settings.recipe, mode);
        if (outlook?.needsStatistics && !samples) continue;
        if (this.state.work) this.change({ work: { ...this.state.work, subject: mode } });
        try {
          await this.quantizeWith(recipe, steps);
        } catch (error) {
          if (!(error instanceof LiteQuantError) || steps.signal.aborted) throw error;
          this.change({ refusals: [...this.state.refusals, { recipe, message: error.message }] });
        }
      }
      const chosen = this.state.results.find(({ recipe }) => recipe && sameRecipe(recipe, settings.recipe));
      if (chosen) this.show(chosen.id);
    };
    return this.work("every", "", act, phases);
  }

  compareLoaded(): Promise<void> {
    const { model, loaded, samples } = this.state;
    if (!model || !loaded) return Promise.resolve();
    const act = async (steps: Steps) => {
      await this.addResult(undefined, loaded, loaded.name, steps);
    };
    return this.work("quantize", loaded.name, act, this.quantizing.phasesOf(false, samples).slice(1));
  }

  show(id: number): void {
    this.change({ shownId: id });
  }

  private async quantizeWith(recipe: Recipe, steps: Steps): Promise<void> {
    const { model, samples } = this.state;
    if (!model) return;
    const made = await this.quantizing.make(recipe, model, samples, steps);
    const fileName = model.handle.name.replace(/(\.tflite|\.lite)?( \(float\))?$/i, `.${recipe.mode}.tflite`);
    await this.addResult(essentialRecipe(recipe), made, fileName, steps);
  }

  private async addResult(recipe: Recipe | undefined, made: Model, fileName: string, steps: Steps): Promise<void> {
    const { model, samples } = this.state;
    if (!model) return;
    let result: Result;
    try {
      const report = samples && (await this.quantizing.report(model.handle, made, samples, steps));
      const latency = await this.quantizing.latencies(model.handle, made, samples, steps);
      result = { id: ++this.lastId, recipe, model: made, fileName, report, latency };
    } catch (error) {
      if (recipe) made.dispose();
      throw error;
    }
    const isSame = (other: Result) =>
      recipe && other.recipe ? sameRecipe(recipe, other.recipe) : recipe === other.recipe;
    const replaced = this.state.results.filter(isSame);
    const results = [...this.state.results.filter((other) => !isSame(other)), result];
    this.change({
      results,
      shownId: result.id,
      status: text("status.done", { name: fileName, count: made.byteLength }),
    });
    for (const other of replaced) if (other.recipe) other.model.dispose();
  }

  dismissFailure(): void {
    this.change({ failure: undefined });
  }

  fail(error: unknown): void {
    this.change({ failure: failureOf(error) });
  }

  // ---- the way work is done ----

  private async work(
    kind: Work["kind"],
    subject: string,
    act: (steps: Steps) => Promise<void>,
    phases: readonly WorkPhase[] = [],
  ): Promise<void> {
    if (this.state.work) return;
    const controller = new AbortController();
    const cancel = () => controller.abort();
    const work: Work = { kind, subject, phases, phase: phases[0], progress: undefined, workers: 1, cancel };
    this.change({ work, failure: undefined, status: text(`work.${kind}`, { name: subject }) });
    const update = (changes: Partial<Work>) => {
      if (this.state.work) this.change({ work: { ...this.state.work, ...changes } });
    };
    try {
      await act({
        signal: controller.signal,
        phase: (phase, workers = 1) => update({ phase, workers, progress: undefined }),
        onProgress: (progress: Progress) => update({ progress }),
      });
    } catch (error) {
      if (controller.signal.aborted) this.change({ status: text("status.cancelled") });
      else this.change({ failure: failureOf(error), status: "" });
    } finally {
      this.change({ work: undefined });
    }
  }

  private discardResults(): void {
    const { results, loaded } = this.state;
    for (const { model } of results) if (model !== loaded) model.dispose();
    this.change({ results: [], refusals: [], shownId: undefined });
  }

  private change(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof LiteQuantError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message, hint: text("error.reload") };
}

async function firstSamples(dataset: Dataset, model: ModelState | undefined) {
  const thumbnails: Pixels[] = [];
  const all: number[] = [];
  let mean = 0;
  const shape = model?.description.signatures[0]?.inputs[0]?.shape ?? [];
  for await (const sample of dataset) {
    const values = firstInput(sample);
    thumbnails.push(dataset.image ? pictureOfTensor(values, dataset.image) : pictureOfValues(values, shape));
    const spread = spreadOf(values);
    all.push(spread.least, spread.most);
    mean += spread.mean;
    if (thumbnails.length >= thumbnailCount) break;
  }
  if (thumbnails.length === 0) return { thumbnails, spread: undefined };
  const spread = { least: Math.min(...all), mean: mean / thumbnails.length, most: Math.max(...all) };
  return { thumbnails, spread };
}
