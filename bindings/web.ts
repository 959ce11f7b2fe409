// The package's entry in a page or in a worker.
import { makeApi } from "./api.js";
import { WorkerChannel } from "./channel.js";
import type { EngineStart } from "./engine.js";
import { LiteQuantError, messageOf, refuse } from "./errors.js";
import type { FileSource, Platform } from "./platform.js";
import type { DataFile, EngineOptions, LiteQuant, Pixels, Variant } from "./types.js";
import { bestVariant } from "./variant.js";

export type * from "./types.js";
export { LiteQuantError };

const platform: Platform = {
  async openEngine(options: EngineOptions): Promise<EngineStart> {
    const variant = options.variant ?? bestVariant();
    const wasm = options.wasmBinary ?? new URL(options.wasmURL ?? wasmURL(variant), location.href).href;
    const inPage = typeof document !== "undefined";
    const thread = options.thread ?? (inPage ? "worker" : "in-thread");
    const channel =
      thread === "worker"
        ? new WorkerChannel(await openWorker(options))
        : new (await import("./direct.js")).DirectChannel();
    return { channel, options: { variant, wasm } };
  },
  async readFile(source) {
    try {
      const response = await fetch(source);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      return refuse("FILE_NOT_READ", `cannot fetch ${String(source)}: ${messageOf(error)}`);
    }
  },
  listFiles(source: FileSource) {
    return Promise.resolve(source.map(dataFile));
  },
  decodeImage: decodeInBrowser,
};

// Bundlers find files by these literal forms.
function wasmURL(variant: Variant): URL {
  return variant === "relaxed"
    ? new URL("./litequant-relaxed.wasm", import.meta.url)
    : new URL("./litequant-simd.wasm", import.meta.url);
}

async function openWorker({ createWorker, workerURL }: EngineOptions): Promise<Worker> {
  if (createWorker) return createWorker();
  if (workerURL !== undefined) return await workerAt(new URL(workerURL, location.href));
  const own = new URL(import.meta.url);
  if (own.origin === location.origin || own.protocol === "blob:" || own.protocol === "data:") {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  }
  const script = "worker.js";
  return await workerAt(new URL(script, own));
}

/** A worker's script must be of the page's own origin; one from elsewhere is fetched and started from memory. */
async function workerAt(address: URL): Promise<Worker> {
  if (address.origin === location.origin || address.protocol === "blob:")
    return new Worker(address, { type: "module" });
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const script = new Blob([await response.text()], { type: "text/javascript" });
    return new Worker(URL.createObjectURL(script));
  } catch (error) {
    return refuse(
      "ENGINE_NOT_LOADED",
      `the worker's script could not be fetched from ${address.href}: ${messageOf(error)}`,
      'serve worker.js beside the page, or configure({thread: "in-thread"})',
    );
  }
}

function dataFile(source: string | File | DataFile): DataFile {
  if (typeof source === "string") {
    return { path: source.split("/").at(-1) ?? source, read: () => platform.readFile(source) };
  }
  if ("read" in source) return source;
  // The first part of a relative path is the folder that was chosen.
  const path = source.webkitRelativePath.split("/").slice(1).join("/") || source.name;
  return {
    path,
    async read() {
      try {
        return new Uint8Array(await source.arrayBuffer());
      } catch (error) {
        return refuse("FILE_NOT_READ", `${path} could not be read: ${messageOf(error)}`);
      }
    },
  };
}

async function decodeInBrowser(bytes: Uint8Array): Promise<Pixels> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
      colorSpaceConversion: "none",
    });
  } catch (error) {
    return refuse("BAD_SAMPLE", `the picture cannot be decoded: ${messageOf(error)}`);
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) return refuse("MISSING_DECODER", "this browser gives no canvas to read pictures with");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { data: context.getImageData(0, 0, width, height).data, width, height };
}

const api = makeApi(platform);

export const {
  configure,
  engine,
  shutdown,
  load,
  calibrate,
  parseStatistics,
  quantize,
  dequantize,
  describeModes,
  describeRecipe,
  createSession,
  compare,
  compareTensor,
  openDataset,
  imageToTensor,
  previewImage,
  decodeImage,
  readArrays,
  writeArrays,
  parseLabels,
  tilesOf,
}: LiteQuant = api;
