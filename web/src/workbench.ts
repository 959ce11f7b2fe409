// What the page holds and what can be done with it. Components draw `state` and call the methods; nothing else changes it.
import {
  type DataFile,
  type Dataset,
  type EngineInfo,
  type InputOutputType,
  type InputValue,
  LiteQuantError,
  type Mode,
  type Model,
  type ModelDescription,
  type Normalization,
  type Pixels,
  type PortDescription,
  type Progress,
  type Report,
  calibrate,
  compare,
  createSession,
  engine,
  load,
  openDataset,
  quantize,
} from "litequant";
import { exampleClassNames, exampleName, fetchExampleModel, fetchExamplePictures } from "./example.js";

export const modes: readonly Mode[] = ["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"];

/** How pictures become numbers, as the page offers it. "auto": what the model says, else -1…1. */
export const normalizations = {
  auto: undefined,
  "-1…1": [-1, 1],
  "0…1": [0, 1],
  "0…255": [0, 255],
} satisfies Record<string, Normalization | undefined>;
export type NormalizationName = keyof typeof normalizations;

const thumbnailCount = 24;
const mostCompared = 200;

export interface ModelState {
  readonly handle: Model;
  readonly description: ModelDescription;
  readonly isExample: boolean;
  readonly classNames: readonly string[];
}

export interface SamplesState {
  readonly title: string;
  readonly calibration: Dataset;
  /** Compared on; with labels where they are known. */
  readonly evaluation: Dataset;
  readonly labels: readonly number[] | undefined;
  /** The first pictures as the model sees them. */
  readonly thumbnails: readonly Pixels[];
}

export interface Work {
  readonly title: string;
  readonly progress: Progress | undefined;
  readonly cancel: () => void;
}

export interface ResultState {
  readonly mode: Mode;
  readonly model: Model;
  readonly bytes: Uint8Array;
  readonly fileName: string;
  /** Compared with the float model on the samples; absent without samples. */
  readonly report: Report | undefined;
  /** Pictures of the compared samples, as the model sees them. */
  readonly pictures: readonly (Pixels | undefined)[];
  /** Median milliseconds per inference: float, quantized. */
  readonly latency: readonly [number, number];
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface State {
  readonly model?: ModelState | undefined;
  readonly samples?: SamplesState | undefined;
  readonly normalization: NormalizationName;
  readonly mode: Mode;
  readonly io: InputOutputType;
  readonly work?: Work | undefined;
  readonly result?: ResultState | undefined;
  readonly failure?: Failure | undefined;
  /** The engine that runs, once it does. */
  readonly engine?: EngineInfo;
  /** For screen readers: what has just happened. */
  readonly status: string;
}

export class Workbench {
  state: State = { normalization: "auto", mode: "int8", io: "float32", status: "" };
  private readonly listeners = new Set<() => void>();
  private files: readonly DataFile[] | undefined;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  openExample(): Promise<void> {
    return this.work("Loading the example", async (signal) => {
      this.files = undefined;
      await this.takeModel(await fetchExampleModel(), exampleName, true, signal);
      await this.readSamples();
    });
  }

  openModel(file: File): Promise<void> {
    return this.work(`Loading ${file.name}`, async (signal) => {
      await this.takeModel(file, file.name, false, signal);
      if (this.files) await this.readSamples();
    });
  }

  openSamples(files: readonly DataFile[]): Promise<void> {
    this.files = files;
    if (!this.state.model) {
      this.change({ status: "The samples are kept; now choose a model." });
      return Promise.resolve();
    }
    return this.work("Reading samples", () => this.readSamples());
  }

  useNormalization(normalization: NormalizationName): Promise<void> {
    this.change({ normalization });
    if (!this.state.samples) return Promise.resolve();
    return this.work("Reading samples", () => this.readSamples());
  }

  useMode(mode: Mode): void {
    const int8 = this.state.io === "uint8" ? "uint8" : "int8";
    const io = mode === "int8-only" ? int8 : mode === "int16x8-only" ? "int16" : "float32";
    this.change({ mode, io });
  }

  useInputOutputType(io: InputOutputType): void {
    this.change({ io });
  }

  dismissFailure(): void {
    this.change({ failure: undefined });
  }

  quantize(): Promise<void> {
    const { model, samples, mode, io } = this.state;
    if (!model) return Promise.resolve();
    return this.work("Quantizing", async (signal) => {
      this.discardResult();
      const options = { signal, onProgress: (progress: Progress) => this.showProgress(progress) };
      const needsSamples = model.description.modes[mode].needsStatistics;
      const statistics =
        needsSamples && samples ? await calibrate(model.handle, samples.calibration, options) : undefined;
      const quantized = await quantize(model.handle, { mode, io }, statistics, options);
      const bytes = await quantized.save();
      const report = samples
        ? await compare(model.handle, quantized, first(samples.evaluation, mostCompared), {
            ...options,
            total: Math.min(samples.evaluation.length, mostCompared),
            ...(samples.labels ? { labels: samples.labels.slice(0, mostCompared) } : {}),
          })
        : undefined;
      const latency = [await this.measure(model.handle, signal), await this.measure(quantized, signal)] as const;
      const pictures = await previews(samples?.evaluation, mostCompared);
      const fileName = model.handle.name.replace(/(\.tflite|\.lite)?$/i, `.${mode}.tflite`);
      this.change({
        result: { mode, model: quantized, bytes, fileName, report, pictures, latency },
        status: `Done: ${fileName}, ${bytes.byteLength} bytes.`,
      });
    });
  }

  private async takeModel(source: Blob, name: string, isExample: boolean, signal: AbortSignal): Promise<void> {
    const handle = await load(source, { name, signal });
    this.discardResult();
    this.state.model?.handle.dispose();
    const description = handle.describe();
    const ownNames = description.signatures[0]?.outputs[0]?.labels;
    const model = { handle, description, isExample, classNames: ownNames ?? (isExample ? exampleClassNames : []) };
    // Samples were made for the inputs of the model before.
    this.change({ model, samples: undefined, engine: await engine(), status: `${name} is loaded.` });
  }

  /** Makes samples for the model's inputs, out of the user's files or the example's pictures. */
  private async readSamples(): Promise<void> {
    const { model, normalization } = this.state;
    if (!model) return;
    const normalize = normalizations[normalization] as Normalization | undefined;
    const options = {
      ...(normalize ? { normalize } : {}),
      ...(model.classNames.length > 0 ? { classNames: model.classNames } : {}),
    };
    if (this.files) {
      const dataset = await openDataset(this.files, model.handle, options);
      await this.takeSamples("Your samples", dataset, dataset, dataset.labels);
    } else if (model.isExample) {
      const pictures = await fetchExamplePictures();
      const calibration = await openDataset(pictures.calibration, model.handle, options);
      const evaluation = await openDataset(pictures.labelled, model.handle, options);
      await this.takeSamples("The example's pictures", calibration, evaluation, pictures.labels);
    }
  }

  private async takeSamples(
    title: string,
    calibration: Dataset,
    evaluation: Dataset,
    labels: readonly number[] | undefined,
  ): Promise<void> {
    const thumbnails = (await previews(calibration, thumbnailCount)).filter((pixels) => pixels !== undefined);
    this.discardResult();
    this.change({
      samples: { title, calibration, evaluation, labels, thumbnails },
      status: `${calibration.length} samples are ready.`,
    });
  }

  /** Median time of one inference, in the engine's own clock. The values do not matter to it: zeros will do. */
  private async measure(model: Model, signal: AbortSignal): Promise<number> {
    const session = await createSession(model);
    try {
      await session.run(session.inputs.map(zeros), { signal });
      return (await session.measure({ repeat: 20, signal })).medianMs;
    } finally {
      session.dispose();
    }
  }

  private async work(title: string, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.state.work) return;
    const controller = new AbortController();
    const cancel = () => controller.abort();
    this.change({ work: { title, progress: undefined, cancel }, failure: undefined, status: `${title}…` });
    try {
      await act(controller.signal);
    } catch (error) {
      if (controller.signal.aborted) this.change({ status: "Cancelled." });
      else this.change({ failure: failureOf(error), status: "" });
    } finally {
      this.change({ work: undefined });
    }
  }

  private showProgress(progress: Progress): void {
    const { work } = this.state;
    if (work) this.change({ work: { ...work, progress } });
  }

  private discardResult(): void {
    this.state.result?.model.dispose();
    if (this.state.result) this.change({ result: undefined });
  }

  private change(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof LiteQuantError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message, hint: "This is a fault of the page. Reloading it helps; please report it." };
}

async function* first(dataset: Dataset, count: number) {
  let taken = 0;
  for await (const sample of dataset) {
    if (taken++ >= count) return;
    yield sample;
  }
}

async function previews(dataset: Dataset | undefined, most: number): Promise<(Pixels | undefined)[]> {
  const pictures: (Pixels | undefined)[] = [];
  for (let i = 0; dataset && i < Math.min(dataset.length, most); ++i) pictures.push(await dataset.preview(i));
  return pictures;
}

function zeros({ type, shape }: PortDescription): InputValue {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (type === "int8") return new Int8Array(count);
  if (type === "uint8" || type === "bool") return new Uint8Array(count);
  if (type === "int16") return new Int16Array(count);
  if (type === "int32") return new Int32Array(count);
  if (type === "int64") return new BigInt64Array(count);
  return new Float32Array(count);
}
