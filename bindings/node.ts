// The package's entry in Node.
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker as NodeWorker } from "node:worker_threads";
import { makeApi } from "./api.js";
import { WorkerChannel } from "./channel.js";
import { DirectChannel } from "./direct.js";
import type { EngineStart } from "./engine.js";
import { LiteQuantError, messageOf, refuse } from "./errors.js";
import type { FileSource, Platform } from "./platform.js";
import type { DataFile, EngineOptions, LiteQuant, Pixels, Variant } from "./types.js";
import { bestVariant } from "./variant.js";

export type * from "./types.js";
export { LiteQuantError };

const mostPixels = 1 << 26;

const platform: Platform = {
  async openEngine(options: EngineOptions): Promise<EngineStart> {
    const variant = options.variant ?? bestVariant();
    const wasm = options.wasmBinary ?? (await readBytes(options.wasmURL ?? wasmFile(variant), "ENGINE_NOT_LOADED"));
    const channel = options.thread === "worker" ? new WorkerChannel(openWorker(options)) : new DirectChannel();
    return { channel, options: { variant, wasm } };
  },
  readFile: (source) => readBytes(source, "FILE_NOT_READ"),
  async listFiles(source: FileSource): Promise<readonly DataFile[]> {
    const lists = await Promise.all(source.map((one) => (typeof one === "string" ? filesBelow(one) : [dataFile(one)])));
    return lists.flat();
  },
  decodeImage: decodeWithSharp,
};

function wasmFile(variant: Variant): URL {
  return variant === "relaxed"
    ? new URL("./litequant-relaxed.wasm", import.meta.url)
    : new URL("./litequant-simd.wasm", import.meta.url);
}

/** Node's worker behind the interface of a page's. */
function openWorker({ createWorker, workerURL }: EngineOptions): Worker {
  if (createWorker) return createWorker();
  const worker = new NodeWorker(new URL(workerURL ?? "./worker.js", import.meta.url));
  // The engine alone does not keep the process alive, a call that waits for it does.
  const adapter = {
    onmessage: (_event: { data: unknown }): void => undefined,
    onerror: (_event: { message: string }): void => undefined,
    postMessage(message: unknown, transfer: ArrayBuffer[]): void {
      waiting++;
      worker.ref();
      worker.postMessage(message, transfer);
    },
    terminate(): void {
      isEnded = true;
      void worker.terminate();
    },
  };
  let waiting = 0;
  let isEnded = false;
  worker.on("message", (data: unknown) => {
    if (--waiting === 0) worker.unref();
    adapter.onmessage({ data });
  });
  worker.on("error", (error: Error) => adapter.onerror({ message: error.message }));
  worker.on("exit", () => {
    if (!isEnded) adapter.onerror({ message: "it ended" });
  });
  worker.unref();
  return adapter as unknown as Worker;
}

async function readBytes(source: string | URL, code: "FILE_NOT_READ" | "ENGINE_NOT_LOADED"): Promise<Uint8Array> {
  const address = source instanceof URL ? source : /^(https?|file|data):/.test(source) ? new URL(source) : undefined;
  try {
    if (address && address.protocol !== "file:") {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    }
    const file = await readFile(address ? fileURLToPath(address) : source);
    return new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset, file.byteLength);
  } catch (error) {
    return refuse(code, `cannot read ${String(source)}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { code } = error as { code?: string };
  const known: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
    ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  };
  return (code && known[code]) ?? messageOf(error);
}

async function filesBelow(path: string): Promise<readonly DataFile[]> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    return refuse("FILE_NOT_READ", `cannot read ${path}: ${reasonOf(error)}`);
  }
  const file = (full: string, shown: string): DataFile => ({
    path: shown,
    read: () => readBytes(full, "FILE_NOT_READ"),
  });
  if (!isFolder) return [file(path, path.split(/[\\/]/).at(-1) ?? path)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => {
      const full = join(entry.parentPath ?? entry.path, entry.name);
      return file(full, relative(path, full).split(sep).join("/"));
    });
}

function dataFile(file: File | DataFile): DataFile {
  if ("read" in file) return file;
  return { path: file.name, read: async () => new Uint8Array(await file.arrayBuffer()) };
}

/** The part of sharp that is used; it is an optional companion, so its types may not be there. */
type Sharp = (
  input: Uint8Array,
  options: { limitInputPixels: number; ignoreIcc: boolean },
) => {
  rotate(): ReturnType<Sharp>;
  toColourspace(space: string): ReturnType<Sharp>;
  ensureAlpha(): ReturnType<Sharp>;
  raw(options: { depth: string }): ReturnType<Sharp>;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
};

async function decodeWithSharp(bytes: Uint8Array): Promise<Pixels> {
  let sharp: Sharp;
  try {
    sharp = ((await import("sharp")) as unknown as { default: Sharp }).default;
  } catch (error) {
    const isMissing = /MODULE_NOT_FOUND/.test((error as { code?: string }).code ?? "");
    return refuse(
      "MISSING_DECODER",
      isMissing
        ? "pictures are decoded by the package sharp, which is not installed"
        : `the package sharp, which decodes pictures, could not be loaded: ${messageOf(error)}`,
      "npm install sharp",
    );
  }
  try {
    // Stored values count, as in a page and in the training tools: no conversion by an embedded colour profile.
    const { data, info } = await sharp(bytes, { limitInputPixels: mostPixels, ignoreIcc: true })
      .rotate()
      .toColourspace("srgb")
      .ensureAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return { data: withFourChannels(data, info.channels), width: info.width, height: info.height };
  } catch (error) {
    return refuse("BAD_SAMPLE", `the picture cannot be decoded: ${messageOf(error)}`);
  }
}

/** Grey with alpha to RGBA; four channels stay. */
function withFourChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 4) return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (channels !== 2) return refuse("BAD_SAMPLE", `the picture has ${channels} channels`);
  const out = new Uint8Array(data.byteLength * 2);
  for (let from = 0, to = 0; from < data.byteLength; from += 2, to += 4) {
    out.fill(data[from] ?? 0, to, to + 3);
    out[to + 3] = data[from + 1] ?? 0;
  }
  return out;
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
