// The package as Node finds it: both module systems, strict settings, both builds of the engine.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examplePath, packed, removeTemporaryFolders, root, runNode, temporaryFolder } from "./support";

afterAll(removeTemporaryFolders);
const dist = join(packed, "node_modules/litequant/dist");

const body = `
  const model = await lq.load(${JSON.stringify(examplePath)});
  const small = await lq.quantize(model, { mode: "dynamic" });
  const info = await lq.engine();
  console.log(JSON.stringify({ ...info, bytes: small.byteLength }));
`;
const esm = `import * as lq from "litequant";${body}`;
const cjs = `const lq = require("litequant");(async () => {${body}})();`;

async function run(name: string, text: string, flags: string[] = []): Promise<Record<string, unknown>> {
  const path = join(packed, name);
  writeFileSync(path, text);
  const ended = await runNode([...flags, path]);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(ended.stdout) as Record<string, unknown>;
}

test("import and require give the same", async () => {
  const imported = await run("esm.mjs", esm);
  expect(imported).toMatchObject({ thread: "in-thread" });
  expect(await run("cjs.cjs", cjs)).toEqual(imported);
});

test("code generation from strings is never needed", async () => {
  const flags = ["--disallow-code-generation-from-strings"];
  expect(await run("strict.mjs", esm, flags)).toMatchObject({ thread: "in-thread" });
  for (const file of readdirSync(dist).filter((name) => /\.(js|cjs)$/.test(name))) {
    const text = readFileSync(join(dist, file), "utf8");
    expect(text).not.toMatch(/\beval\(|new Function\(/);
  }
});

test("each build of the engine runs, and says which it is", async () => {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const flags = major < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
  const of = (variant: string): string =>
    esm.replace("const model", `lq.configure({ variant: "${variant}" });const model`);
  const results = [];
  for (const variant of ["simd", "relaxed"]) {
    const result = await run(`${variant}.mjs`, of(variant), flags);
    expect(result["variant"]).toBe(variant);
    results.push(result["bytes"]);
  }
  expect(results[0]).toBe(results[1]);
  // By itself the engine takes the relaxed build where it can run, and only there.
  expect(await run("free.mjs", esm, flags)).toMatchObject({ variant: "relaxed" });
  if (major < 22) expect(await run("plain.mjs", esm)).toMatchObject({ variant: "simd" });
});

test("a worker answers as this thread does, and a stuck one is ended", async () => {
  const text = `
    import * as lq from "litequant";
    const read = async () => { const small = await lq.quantize(await lq.load(${JSON.stringify(examplePath)}), { mode: "dynamic" });
      return Buffer.from(await small.save()).toString("base64"); };
    const here = await read();
    lq.shutdown();
    lq.configure({ thread: "worker" });
    const there = await read();
    const { thread } = await lq.engine();
    const model = await lq.load(${JSON.stringify(examplePath)});
    const session = await lq.createSession(model);
    await session.run([new Float32Array(3072)]);
    const controller = new AbortController();
    let aborted = 0;
    setTimeout(() => { aborted = performance.now(); controller.abort(); }, 50);
    const error = await session.measure({ repeat: 1e9, signal: controller.signal }).catch((e) => e);
    const waited = performance.now() - aborted;
    const again = await session.run([new Float32Array(3072)]);
    console.log(JSON.stringify({ same: here === there, thread, error: error.name, waited, again: Object.keys(again).length }));
  `;
  const result = await run("worker.mjs", text);
  expect(result).toMatchObject({ same: true, thread: "worker", error: "AbortError", again: 1 });
  expect(result["waited"]).toBeLessThan(1000); // 300 ms on a machine that does nothing else
});

test("a wrong wasm file is named as such", async () => {
  const text = `
    import * as lq from "litequant";
    const errors = [];
    for (const wasmBinary of [new TextEncoder().encode("<!DOCTYPE html>"), new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])]) {
      lq.configure({ wasmBinary });
      const error = await lq.engine().catch((e) => e);
      errors.push([error.name, error.code, error.message]);
    }
    console.log(JSON.stringify({ errors }));
  `;
  const { errors } = (await run("wasm.mjs", text)) as { errors: [string, string, string][] };
  for (const [name, code] of errors) expect([name, code]).toEqual(["LiteQuantError", "ENGINE_NOT_LOADED"]);
  expect(errors[0]?.[2]).toContain("an HTML page");
});

test("importing does nothing by itself", async () => {
  const text = `
    const before = Object.keys(globalThis).length;
    await import("litequant");
    console.log(JSON.stringify({ added: Object.keys(globalThis).length - before }));
  `;
  expect(await run("import.mjs", text)).toEqual({ added: 0 });
});

test("the files for pages know nothing of Node, and are small", () => {
  for (const file of ["web.js", "direct.js", "worker.js"]) {
    const text = readFileSync(join(dist, file), "utf8");
    expect(text).not.toMatch(/require\(|from\s*"node:|import\("node:/);
  }
  expect(readFileSync(join(dist, "worker.js"), "utf8")).not.toMatch(/^\s*(import|export)\b/m);
  // What starts an engine is in the worker, and beside the page's own file: it is fetched where there is no worker.
  expect(readFileSync(join(dist, "web.js"), "utf8")).toMatch(/import\("\.\/direct\.js"\)/);
  expect(statSync(join(dist, "web.js")).size).toBeLessThan(65_000);
  for (const variant of ["simd", "relaxed"]) {
    expect(statSync(join(dist, `litequant-${variant}.wasm`)).size).toBeLessThan(2_500_000);
  }
});

test("types are found by both module systems", async () => {
  const folder = join(packed, "types-check");
  mkdirSync(folder, { recursive: true });
  const source = `
    import { load, quantize, LiteQuantError } from "litequant";
    import type { Model, Recipe, Report } from "litequant";
    export async function small(path: string, recipe: Recipe): Promise<Model> { return quantize(await load(path), recipe); }
    export const share = (report: Report): number | undefined => report.agreement;
    export const code = (error: unknown): string => (error instanceof LiteQuantError ? error.code : "");
    // @ts-expect-error there is no such mode
    void small("x", { mode: "int9" });
  `;
  for (const name of ["esm.mts", "cjs.cts"]) writeFileSync(join(folder, name), source);
  const compilerOptions = {
    module: "nodenext",
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023", "dom", "esnext.disposable"],
    types: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts", "*.cts"] }));
  const ended = await runNode([join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(0);
});

const readme = join(root, "README.md");
(existsSync(readme) ? test : test.skip)("the README's example runs", async () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(readme, "utf8")) ?? [];
  expect(code).toContain('from "litequant"');
  const folder = temporaryFolder();
  const model = JSON.stringify(examplePath);
  // The example names a model and a folder of pictures; the embedded ones stand in for them.
  const text = (code ?? "")
    .replace(/"[\w./-]+\.tflite"/, model)
    .replace(/openDataset\("[^"]+"/, 'openDataset("random:4"');
  writeFileSync(join(packed, "readme.mjs"), text);
  const ended = await runNode([join(packed, "readme.mjs")], folder);
  expect(ended.stderr).toBe("");
  expect(ended.code).toBe(0);
});
