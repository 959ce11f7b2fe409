// Pictures for models: the options, and the calls into the engine that does the pixel work.
import type { Engine } from "../engine.js";
import { refuse } from "../errors.js";
import { oneOf } from "../model.js";
import type { NativeImageOptions } from "../native.js";
import type { DatasetOptions, ImageOptions, MeanStd, Normalization, Pixels, PortDescription } from "../types.js";

/** Mean and deviation of a normalisation; a range [low, high] is what 0…255 is spread over. */
export function meanAndStd(normalize: Normalization): MeanStd {
  if ("mean" in normalize) return normalize;
  const [low, high] = normalize;
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    refuse("BAD_ARGUMENT", `the range [${low}, ${high}] to normalise to is empty`);
  }
  const std = 255 / (high - low);
  return { mean: [low === 0 ? 0 : -low * std], std: [std] };
}

/** Checked, and with defaults filled in. */
export function nativeImageOptions(options: ImageOptions): NativeImageOptions {
  const { height, width, channels = 3, order = "rgb", resize = "stretch", crop = 1, type = "float32" } = options;
  for (const [name, size] of [
    ["height", height],
    ["width", width],
  ] as const) {
    if (!Number.isInteger(size) || size < 1 || size > 1 << 20) refuse("BAD_ARGUMENT", `${name} is ${size}, not a size`);
  }
  if (channels !== 1 && channels !== 3 && channels !== 4)
    refuse("BAD_ARGUMENT", `channels is ${channels}, not 1, 3 or 4`);
  oneOf("order", order, ["rgb", "bgr"]);
  oneOf("resize", resize, ["stretch", "cover"]);
  oneOf("type", type, ["float32", "int8", "uint8", "int16", "int32"]);
  if (!(crop > 0 && crop <= 1)) refuse("BAD_ARGUMENT", `crop is ${crop}, not in (0, 1]`);
  const { mean, std } = meanAndStd(options.normalize ?? [0, 255]);
  for (const [name, values] of [
    ["mean", mean],
    ["std", std],
  ] as const) {
    const isList = Array.isArray(values) && values.every((value) => Number.isFinite(value));
    if (!isList || (values.length !== 1 && values.length !== channels) || (name === "std" && values.includes(0))) {
      refuse("BAD_ARGUMENT", `${name} is not one number, or one for each of ${channels} channels`);
    }
  }
  const { quantization } = options;
  if (!quantization && (type === "int8" || type === "int16")) {
    refuse("BAD_ARGUMENT", `pictures as ${type} need quantization: {scale, zeroPoint}`);
  }
  const { scale, zeroPoint } = quantization ?? { scale: 1, zeroPoint: 0 };
  if (!(scale > 0 && Number.isFinite(scale)) || !Number.isInteger(zeroPoint)) {
    refuse("BAD_ARGUMENT", "quantization is not {scale, zeroPoint} with a scale above 0");
  }
  return { width, height, channels, order, resize, crop, mean, std, type, scale, zeroPoint };
}

const asBytes = (data: Uint8Array | Uint8ClampedArray): Uint8Array =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** The tensor's bytes. */
export async function valuesOf(engine: Engine, pixels: Pixels, options: ImageOptions): Promise<Uint8Array> {
  const native = nativeImageOptions(options);
  const { bytes } = await engine.call("imageValues", [asBytes(pixels.data), pixels.width, pixels.height, native]);
  return bytes;
}

export async function previewOf(engine: Engine, pixels: Pixels, options: ImageOptions): Promise<Pixels> {
  const native = nativeImageOptions(options);
  const { bytes } = await engine.call("imagePreview", [asBytes(pixels.data), pixels.width, pixels.height, native]);
  return { data: new Uint8ClampedArray(bytes.buffer as ArrayBuffer), width: native.width, height: native.height };
}

const usualSide = 224;

/** Height and width of pictures for this input: its own, or for what it leaves open, those asked for. */
function pictureSize(port: PortDescription, wanted: DatasetOptions["size"]) {
  const isOpen = (axis: 1 | 2): boolean => port.shapeSignature?.[axis] === -1;
  const [height, width] = ([1, 2] as const).map((axis) =>
    isOpen(axis) ? (wanted?.[axis - 1] ?? usualSide) : port.shape[axis],
  );
  return { height, width, isChosen: wanted === undefined && (isOpen(1) || isOpen(2)) };
}

/**
 * How pictures become this input, or why they cannot. Warnings say when the normalisation or the size had to be guessed.
 */
export function imageOptionsFor(
  port: PortDescription,
  options: DatasetOptions,
): { readonly image: ImageOptions; readonly warnings: readonly string[] } {
  const [batch, , , last] = port.shape;
  const { height, width, isChosen } = pictureSize(port, options.size);
  const ofSize = isChosen
    ? [
        `input '${port.name}' takes pictures of any size; ${height} x ${width} was chosen: say which (--size, or \`size\`)`,
      ]
    : [];
  const channels: 1 | 3 | 4 | undefined = last === 1 || last === 3 || last === 4 ? last : undefined;
  const isPicture = port.shape.length === 4 && batch === 1;
  if (!isPicture || height === undefined || width === undefined || channels === undefined) {
    return refuse(
      "SHAPE_MISMATCH",
      `input '${port.name}' of shape [${port.shape.join(", ")}] does not take pictures`,
      "pictures fit inputs of shape [1, height, width, 1 or 3 or 4]; give .npy or .npz files",
    );
  }
  const { type } = port;
  if (type !== "float32" && type !== "int8" && type !== "uint8" && type !== "int16" && type !== "int32") {
    return refuse("UNSUPPORTED_TYPE", `input '${port.name}' is ${type}, which does not take pictures`);
  }
  const { order, resize, crop } = options;
  const known = options.normalize ?? port.normalization;
  const scale = port.quantization?.scale[0];
  const zeroPoint = port.quantization?.zeroPoint[0];
  const shared = {
    height,
    width,
    channels,
    type,
    ...(order && { order }),
    ...(resize && { resize }),
    ...(crop !== undefined && { crop }),
  };
  if (type === "float32") {
    if (known) return { image: { ...shared, normalize: known }, warnings: ofSize };
    return {
      image: { ...shared, normalize: [-1, 1] },
      warnings: [
        `the model does not say how input '${port.name}' is normalised; pixels were spread over -1…1. ` +
          "If it was trained otherwise, results are wrong: say so (--normalize, or `normalize`)",
        ...ofSize,
      ],
    };
  }
  if (known && scale !== undefined && zeroPoint !== undefined) {
    return { image: { ...shared, normalize: known, quantization: { scale, zeroPoint } }, warnings: ofSize };
  }
  // Integer inputs without normalisation take the pixels themselves, shifted to the type's range.
  const shift = type === "int8" ? -128 : 0;
  return { image: { ...shared, normalize: [0, 255], quantization: { scale: 1, zeroPoint: shift } }, warnings: ofSize };
}

/** See LiteQuant.tilesOf. */
export function splitSheet(sheet: Pixels, columns: number, rows: number, count: number): Pixels[] {
  const width = sheet.width / columns;
  const height = sheet.height / rows;
  if (!Number.isInteger(width) || !Number.isInteger(height) || !(count <= columns * rows)) {
    refuse("BAD_ARGUMENT", `a sheet of ${sheet.width} x ${sheet.height} does not hold ${columns} x ${rows} tiles`);
  }
  return Array.from({ length: count }, (_, tile) => {
    const data = new Uint8ClampedArray(width * height * 4);
    const left = (tile % columns) * width;
    const top = Math.floor(tile / columns) * height;
    for (let y = 0; y < height; y++) {
      const start = ((top + y) * sheet.width + left) * 4;
      data.set(sheet.data.subarray(start, start + width * 4), y * width * 4);
    }
    return { data, width, height };
  });
}
