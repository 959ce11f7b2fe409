// The runtimes that are compared, where each runs, and what of npm they are.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cache, inRoot, must, say } from "../system.mjs";

export const folder = join(cache, "bench");
export const peers = join(folder, "node_modules");

const packages = {
  "@litertjs/core": "2.5.3",
  "@tensorflow/tfjs-tflite": "0.0.1-alpha.10",
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-cpu": "4.22.0",
  "onnxruntime-web": "1.30.0",
};

/** Rows: runtime, where it runs, its adapter in tests/bench/page (of a page), whether it needs the file's ONNX twin. */
export const runtimes = [
  { runtime: "litequant", place: "chromium", adapter: "litequant.mjs" },
  { runtime: "litequant", place: "node" },
  { runtime: "litert", place: "chromium", adapter: "litert.mjs" },
  { runtime: "litert", place: "node" },
  { runtime: "tfjs-tflite", place: "chromium", adapter: "tfjs_tflite.mjs" },
  { runtime: "onnxruntime-web", place: "chromium", adapter: "onnxruntime_web.mjs", needsTwin: true },
  { runtime: "onnxruntime-web", place: "node", needsTwin: true },
];
export const baseline = "litert@chromium";

/** What a page fetches to run: the engine's wasm, of ours each build. */
const wasm = {
  "litequant simd": inRoot("dist/litequant-simd.wasm"),
  "litequant relaxed": inRoot("dist/litequant-relaxed.wasm"),
  litert: join(peers, "@litertjs/core/wasm/litert_wasm_internal.wasm"),
  "tfjs-tflite": join(peers, "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.wasm"),
  "onnxruntime-web": join(peers, "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
};

export const wasmSizes = () =>
  Object.entries(wasm)
    .filter(([, path]) => existsSync(path))
    .map(([name, path]) => {
      const bytes = readFileSync(path);
      return { name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
    });

export async function installPeers() {
  const wanted = JSON.stringify({ private: true, dependencies: packages }, null, 2);
  const manifest = join(folder, "package.json");
  mkdirSync(folder, { recursive: true });
  if (existsSync(peers) && existsSync(manifest) && readFileSync(manifest, "utf8") === wanted) return;
  say("installing the other runtimes into .cache/bench");
  writeFileSync(manifest, wanted);
  const line = ["install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await must("npm", line, { cwd: folder, quiet: true });
}
