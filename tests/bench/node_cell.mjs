// One cell in Node: node node_cell.mjs '{"runtime", "file", "inputs", "timing", "peers", "dist"}' prints its measurement.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";
import { measure } from "./measure.mjs";

const cell = JSON.parse(process.argv[2]);
const imported = (...path) => import(pathToFileURL(join(...path)).href);

/** What a page's adapter does, with a library that Node imports. */
const adapters = {
  litequant: async (given) => (await import("./page/litequant.mjs")).open(await imported(cell.dist, "node.js"), given),
  // LiteRT.js loads its glue by a script element, or by importScripts in a worker: that is supplied here.
  litert: async (given) => {
    const wasm = join(cell.peers, "@litertjs/core/wasm/");
    globalThis.self = globalThis;
    globalThis.require ??= createRequire(join(wasm, "x.js"));
    globalThis.__dirname ??= wasm;
    globalThis.importScripts = (address) => {
      globalThis.__filename = String(address);
      runInThisContext(readFileSync(String(address), "utf8"), { filename: String(address) });
      globalThis.ModuleFactory ??= globalThis.module?.exports;
    };
    const library = await imported(cell.peers, "@litertjs/core/dist/index.js");
    return (await import("./page/litert.mjs")).open(library, wasm, given);
  },
  "onnxruntime-web": async (given) => {
    const library = await imported(cell.peers, "onnxruntime-web/dist/ort.node.min.mjs");
    return (await import("./page/onnxruntime_web.mjs")).open(library, given);
  },
};

const open = async () => ({
  adapter: { create: adapters[cell.runtime] },
  bytes: new Uint8Array(readFileSync(cell.file)),
});
const answer = await measure(open, cell).catch((error) => ({ error: String(error?.message ?? error).split("\n")[0] }));
answer.peakBytes = 1024 * process.resourceUsage().maxRSS;
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
