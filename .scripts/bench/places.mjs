// Where a cell runs: a page of its own in Chromium, or a process of its own in Node.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { forgetPeak, memoryOf } from "../../tests/bench/process_memory.mjs";
import { inRoot } from "../system.mjs";
import { peers } from "./peers.mjs";

const patienceMs = 240_000;
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
const mounts = { "/bench/": inRoot("tests/bench"), "/dist/": inRoot("dist"), "/peers/": peers };

/** Serves the folders, and single files as /file/N; isolated, so that clocks are fine; nothing is kept by a cache. */
function serve(files) {
  const answer = (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const prefix = Object.keys(mounts).find((start) => path.startsWith(start));
    const file = path.startsWith("/file/")
      ? files[Number(path.slice(6))]
      : prefix && join(mounts[prefix], normalize(`/${path.slice(prefix.length)}`));
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Cache-Control", "no-store");
    if (!file || !existsSync(file)) return response.writeHead(404).end();
    response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
    response.end(readFileSync(file));
  };
  return new Promise((resolve) => {
    const server = createServer(answer).listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** A browser whose pages import modules of tests/bench; `files` are served to them by number. */
export class Browser {
  #browser;
  #server;
  #files = [];
  version;

  static async open(chromium) {
    const one = new Browser();
    const playwright = await import("@playwright/test");
    const args = ["--no-sandbox", "--disable-gpu"];
    one.#browser = await playwright.chromium.launch({ executablePath: chromium, args });
    one.#server = await serve(one.#files);
    one.version = one.#browser.version();
    return one;
  }

  async close() {
    await this.#browser.close();
    this.#server.close();
  }

  /** The address at which a page fetches a file. */
  address(file) {
    if (!this.#files.includes(file)) this.#files.push(file);
    return `/file/${this.#files.indexOf(file)}`;
  }

  /**
   * What `name` of the module /bench/MODULE gives for `value` in a fresh page, and what its process takes for that: memory
   * before and at most, processor time. `prepare` names a function that is called first and not counted.
   */
  async call(module, name, value, { prepare } = {}) {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    const evaluate = (called) =>
      page.evaluate(async (given) => await (await import(`/bench/${given.module}`))[given.called](given.value), {
        module,
        called,
        value,
      });
    try {
      await page.goto(`http://127.0.0.1:${this.#server.address().port}/bench/page/index.html`);
      if (prepare) await evaluate(prepare);
      const before = await this.#process();
      forgetPeak(before.id);
      const late = new Promise((_, refuse) => {
        setTimeout(() => refuse(new Error(`no answer in ${patienceMs / 1000} s`)), patienceMs).unref();
      });
      const result = await Promise.race([evaluate(name), late]);
      const after = await this.#process();
      return {
        ...result,
        peakBytes: memoryOf(after.id, "VmHWM"),
        emptyBytes: before.bytes,
        cpuSeconds: after.cpuTime - before.cpuTime,
      };
    } catch (error) {
      return { error: String(error.message).split("\n")[0] };
    } finally {
      await context.close();
    }
  }

  /** The page's process: of those that draw pages, the one that worked most; a spare one has done nothing. */
  async #process() {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const drawing = processInfo.filter(({ type }) => type === "renderer").sort((a, b) => b.cpuTime - a.cpuTime);
    return { ...drawing[0], bytes: memoryOf(drawing[0].id, "VmRSS") };
  }
}

/** The last line of JSON that a program prints; it says itself what memory it took. */
export function answerOf(program, args) {
  const options = { encoding: "utf8", timeout: patienceMs, maxBuffer: 1 << 28 };
  const { stdout, stderr } = spawnSync(program, args, options);
  const line = stdout?.split("\n").findLast((text) => text.startsWith("{"));
  return line ? JSON.parse(line) : { error: stderr?.trim().split("\n").at(-1) || "no answer" };
}

/** A script of tests/bench in Node. */
export const inNode = (script, given) =>
  answerOf(process.execPath, [
    inRoot("tests/bench", script),
    JSON.stringify({ ...given, peers, dist: inRoot("dist") }),
  ]);
