// One cell in Node: node node_cell.mjs '{"runtime", "file", "shape", "type", ...}' prints its measurement as JSON.
/* global performance */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import { measure } from "./measure.mjs";
import { open as openOurs } from "./page/litequant.mjs";

const runtimes = {
  litequant: async (cell) => {
    const begin = performance.now();
    return await openOurs(await import(pathToFileURL(join(cell.dist, "node.js")).href), cell, begin);
  },
  // LiteRT.js loads its glue by a script element, or by importScripts in a worker: that is supplied here.
  litert: async (cell) => {
    const wasm = join(cell.peers, "@litertjs/core/wasm/");
    globalThis.self = globalThis;
    globalThis.require ??= createRequire(join(wasm, "x.js"));
    globalThis.__dirname ??= wasm;
    globalThis.importScripts = (address) => {
      globalThis.__filename = String(address);
      runInThisContext(readFileSync(String(address), "utf8"), { filename: String(address) });
      globalThis.ModuleFactory ??= globalThis.module?.exports;
    };
    const library = await import(pathToFileURL(join(cell.peers, "@litertjs/core/dist/index.js")).href);
    const { loadLiteRt, Tensor } = library;
    const begin = performance.now();
    const runtime = await loadLiteRt(wasm, {});
    const initMs = performance.now() - begin;
    const model = await runtime.loadAndCompile(cell.bytes, { accelerator: "wasm", cpuOptions: { numThreads: 1 } });
    const tensor = new Tensor(cell.input, cell.shape);
    const run = async () => {
      const outputs = await model.run([tensor]);
      const values = outputs[0].toTypedArray();
      for (const output of outputs) output.delete();
      return values;
    };
    return { initMs, loadMs: performance.now() - begin - initMs, run, note: "" };
  },
};

const cell = JSON.parse(process.argv[2]);
const bytes = new Uint8Array(readFileSync(cell.file));
const answer = await measure({ create: runtimes[cell.runtime] }, { ...cell, bytes }).catch((error) => ({
  error: String(error?.message ?? error).split("\n")[0],
}));
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
