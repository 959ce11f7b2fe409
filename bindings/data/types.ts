// The public types of pictures and of data sets made from files.
import type { Sample } from "../types.js";

/** RGBA, 8 bits each, not premultiplied, rows from the top: the shape of the DOM's ImageData. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** value = (pixel − mean) / std, pixels in 0…255; one entry for all channels or one for each. */
export interface MeanStd {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Mean and standard deviation, or the range that 0…255 is spread over. */
export type Normalization = MeanStd | readonly [low: number, high: number];

export interface ImageOptions {
  readonly height: number;
  readonly width: number;
  /** Default 3. With 1, colours become luma. */
  readonly channels?: 1 | 3 | 4;
  /** Default "rgb". */
  readonly order?: "rgb" | "bgr";
  /** "stretch" gives the whole picture whatever its sides (default); "cover" keeps the sides' ratio and cuts the rest. */
  readonly resize?: "stretch" | "cover";
  /** Share of each side that is kept, around the centre, before resizing. Default 1; MobileNet was evaluated with 0.875. */
  readonly crop?: number;
  /** Default [0, 255]: no change. */
  readonly normalize?: Normalization;
  /** Default "float32". Integers are quantized with `quantization`. */
  readonly type?: "float32" | "int8" | "uint8" | "int16" | "int32";
  /** Needed for "int8" and "int16"; without it "uint8" and "int32" hold the normalised value, rounded. */
  readonly quantization?: { readonly scale: number; readonly zeroPoint: number };
}

/** How samples are made from files. What is left out comes from the model. */
export interface DatasetOptions {
  readonly signature?: string;
  /** Over the model's metadata. Without both, a float image input gets [-1, 1] and a warning. */
  readonly normalize?: Normalization;
  readonly order?: "rgb" | "bgr";
  readonly resize?: "stretch" | "cover";
  readonly crop?: number;
  /** [height, width] of pictures for an input that takes any size. Default: 224 for what is open, and a warning. */
  readonly size?: readonly [height: number, width: number];
  /** At most so many samples, spread evenly over what there is. Default: all. */
  readonly limit?: number;
  /** Class names in order, to turn names of sub-folders into class indices. Default: the model's own labels. */
  readonly classNames?: readonly string[];
}

/** A file of a data set, wherever it lies. `path` uses "/" and is relative to the folder that was chosen. */
export interface DataFile {
  readonly path: string;
  read(): Promise<Uint8Array>;
}

/**
 * Paths (Node), "random:N", files of a page (a folder's files carry their relative paths), files of any origin, or
 * pictures that are decoded already.
 */
export type DataSource = string | readonly string[] | readonly File[] | readonly DataFile[] | readonly Pixels[];

/** Samples in a fixed order, read as they are needed; it can be iterated many times. */
export interface Dataset extends AsyncIterable<Sample> {
  readonly length: number;
  readonly isRealData: boolean;
  /** Names of the samples: paths, or "samples.npz[3]". */
  readonly names: readonly string[];
  /** Class of each sample, where the files tell. */
  readonly labels?: readonly number[];
  /** What the user should know: no normalisation known, pictures with alpha… */
  readonly warnings: readonly string[];
  /** How pictures are turned into inputs; absent where there are none. */
  readonly image?: ImageOptions;
  /** The picture of a sample as the model will see it; undefined where the sample is not a picture. */
  preview(index: number): Promise<Pixels | undefined>;
}
