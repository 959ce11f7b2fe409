// `npm run bench`: our speed beside other runtimes', the same file and the same input, in alternating rounds.
//   npm run bench -- [--rounds 3] [--only REGEX] [--models NAME,…] [--modes NAME,…] [--file MODEL.tflite …]
//   npm run bench -- --profile MODEL.tflite [--variant simd|relaxed]      time per node of ours, in Node
// The models have random weights and are made once by tests/bench/make_models.py, with a Python that has TensorFlow
// (TENSORFLOW_PYTHON names it); the other runtimes come from npm; both stay in .cache/bench. `--only` is matched
// against runtime@place/model/mode. The table goes to stdout, and with every figure to .build/bench.json.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, loadavg } from "node:os";
import { basename, extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { profile } from "./profile.mjs";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, cache, inRoot, main, must, say } from "./system.mjs";

const folder = join(cache, "bench");
const peers = join(folder, "node_modules");
const packages = {
  "@litertjs/core": "2.5.3",
  "@tensorflow/tfjs-tflite": "0.0.1-alpha.10",
  "@tensorflow/tfjs-core": "4.22.0",
  "@tensorflow/tfjs-backend-cpu": "4.22.0",
};

/** Rows: runtime, where it runs, its adapter in tests/bench/page (of a page), the package that must be there. */
const runtimes = [
  { runtime: "litequant", place: "chromium", adapter: "litequant.mjs" },
  { runtime: "litequant", place: "node" },
  { runtime: "litert", place: "chromium", adapter: "litert.mjs", package: "@litertjs/core" },
  { runtime: "litert", place: "node", package: "@litertjs/core" },
  { runtime: "tfjs-tflite", place: "chromium", adapter: "tfjs_tflite.mjs", package: "@tensorflow/tfjs-tflite" },
];
const baseline = "litert@chromium";
const madeModels = ["mobilenet_v1", "mobilenet_v2", "efficientnet_lite0"];
const madeModes = ["int8", "dynamic", "float"];

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const label = (cell) => `${cell.runtime}@${cell.place}/${cell.model}/${cell.mode}`;

// ---- What is compared -----------------------------------------------------------------------------------------------

async function installPeers() {
  const wanted = JSON.stringify({ private: true, dependencies: packages }, null, 2);
  const manifest = join(folder, "package.json");
  mkdirSync(folder, { recursive: true });
  if (existsSync(peers) && existsSync(manifest) && readFileSync(manifest, "utf8") === wanted) return;
  say("installing the other runtimes into .cache/bench");
  writeFileSync(manifest, wanted);
  const line = ["install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  await must("npm", line, { cwd: folder, quiet: true });
}

async function makeModels(names, modes) {
  const missing = names.filter((name) => modes.some((mode) => !existsSync(join(folder, name, `${mode}.tflite`))));
  if (missing.length === 0) return;
  const python = process.env.TENSORFLOW_PYTHON ?? join(cache, "python/bin/python");
  if (!existsSync(python))
    throw new Failure(`${missing.join(", ")} must be made first: set TENSORFLOW_PYTHON to a Python with TensorFlow`);
  say(`making ${missing.join(", ")} (some minutes)`);
  await must(python, [inRoot("tests/bench/make_models.py"), folder, ...missing], { quiet: true });
}

/** Every model file with the shape and type of its input. */
async function filesToRun(api) {
  const given = process.argv.flatMap((word, at) => (process.argv[at - 1] === "--file" ? [word] : []));
  const models = option("models")?.split(",") ?? madeModels;
  const modes = option("modes")?.split(",") ?? madeModes;
  if (given.length === 0) await makeModels(models, modes);
  const files =
    given.length > 0
      ? given.map((file) => ({ model: basename(file, ".tflite"), mode: "file", file }))
      : models.flatMap((model) => modes.map((mode) => ({ model, mode, file: join(folder, model, `${mode}.tflite`) })));
  const found = [];
  for (const entry of files) {
    const bytes = readFileSync(entry.file);
    const model = await api.load(new Uint8Array(bytes));
    const session = await api.createSession(model);
    const [{ shape, type }] = session.inputs;
    found.push({ ...entry, shape, type, sha256: createHash("sha256").update(bytes).digest("hex") });
    session.dispose();
    model.dispose();
  }
  return found;
}

// ---- One cell -------------------------------------------------------------------------------------------------------

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves folders by prefix, and single files by /model/N, isolated so that clocks are fine. */
function serve(mounts, files) {
  const answer = (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const prefix = Object.keys(mounts).find((start) => path.startsWith(start));
    const file = path.startsWith("/model/")
      ? files[Number(path.slice(7))]?.file
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

async function inPage(browser, address, cell) {
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    await page.goto(`${address}/bench/page/index.html`);
    const measured = page.evaluate(async (given) => {
      const { measure } = await import("/bench/measure.mjs");
      const adapter = await import(`/bench/page/${given.adapter}`);
      const bytes = new Uint8Array(await (await fetch(`/model/${given.number}`)).arrayBuffer());
      return await measure(adapter, { ...given, bytes });
    }, cell);
    const late = new Promise((_, refuse) => setTimeout(() => refuse(new Error("no answer in 120 s")), 120_000));
    return await Promise.race([measured, late]);
  } catch (error) {
    return { error: String(error.message).split("\n")[0] };
  } finally {
    await context.close();
  }
}

function inNode(cell) {
  const given = JSON.stringify({ ...cell, peers, dist: inRoot("dist") });
  const { stdout, stderr } = spawnSync(process.execPath, [inRoot("tests/bench/node_cell.mjs"), given], {
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 1 << 28,
  });
  const line = stdout.split("\n").findLast((text) => text.startsWith("{"));
  return line ? JSON.parse(line) : { error: stderr.trim().split("\n").at(-1) ?? "no answer" };
}

// ---- The table ------------------------------------------------------------------------------------------------------

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The largest difference of two outputs, in parts of the larger's largest magnitude. */
function difference(first, second) {
  if (!first || first.length !== second?.length) return undefined;
  const largest = Math.max(...second.map(Math.abs)) || 1;
  return Math.max(...first.map((value, index) => Math.abs(value - second[index]))) / largest;
}

function summary(cells, rounds) {
  const rows = cells.map((cell) => {
    const own = rounds.filter((round) => round.cell === label(cell));
    const good = own.filter((round) => !round.error);
    if (good.length === 0) return { ...cell, error: own[0]?.error ?? "did not run" };
    return {
      ...cell,
      rounds: good.length,
      bestMs: Math.min(...good.map((round) => round.bestMs)),
      medianMs: middle(good.map((round) => round.medianMs)),
      startMs: middle(good.map((round) => round.startMs)),
      firstMs: middle(good.map((round) => round.firstMs)),
      note: good[0].note,
      output: good[0].output,
    };
  });
  for (const row of rows) {
    const base = rows.find((other) => label(other) === `${baseline}/${row.model}/${row.mode}`);
    if (row.error || !base || base.error) continue;
    row.ratioBest = row.bestMs / base.bestMs;
    row.ratioMedian = row.medianMs / base.medianMs;
    row.difference = difference(row.output, base.output);
  }
  return rows;
}

function tableOf(rows) {
  const lines = [
    `| model | mode | runtime | best ms | median ms | × ${baseline} (best) | (median) | start ms | first run ms | output differs by | rounds |`,
    "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
  ];
  const fixed = (value, digits = 2) => (value === undefined ? "" : value.toFixed(digits));
  for (const row of rows) {
    const name = `${row.runtime} in ${row.place}${row.note ? ` (${row.note})` : ""}`;
    const figures = row.error
      ? [`failed: ${row.error.slice(0, 120).replaceAll("|", " ")}`, "", "", "", "", "", "", ""]
      : [
          fixed(row.bestMs),
          fixed(row.medianMs),
          fixed(row.ratioBest),
          fixed(row.ratioMedian),
          fixed(row.startMs, 0),
          fixed(row.firstMs, 1),
          row.difference === undefined ? "" : row.difference === 0 ? "0" : row.difference.toExponential(1),
          row.rounds,
        ];
    lines.push(`| ${[row.model, row.mode, name, ...figures].join(" | ")} |`);
  }
  return lines.join("\n");
}

function sizes() {
  const of = (path) => (existsSync(path) ? readFileSync(path) : undefined);
  const files = {
    "litequant simd": inRoot("dist/litequant-simd.wasm"),
    "litequant relaxed": inRoot("dist/litequant-relaxed.wasm"),
    "LiteRT.js": join(peers, "@litertjs/core/wasm/litert_wasm_internal.wasm"),
    "tfjs-tflite": join(peers, "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd.wasm"),
  };
  return Object.entries(files).flatMap(([name, path]) => {
    const bytes = of(path);
    return bytes ? [{ name, bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length }] : [];
  });
}

async function compareRuntimes(api, tools) {
  const files = await filesToRun(api);
  const only = new RegExp(option("only", "."));
  const cells = files.flatMap((entry, number) =>
    runtimes.map((row) => ({ ...entry, ...row, number })).filter((cell) => only.test(label(cell))),
  );
  const count = Number(option("rounds", "3"));
  const { chromium } = await import("@playwright/test");
  const mounts = { "/bench/": inRoot("tests/bench"), "/dist/": inRoot("dist"), "/peers/": peers };
  const server = await serve(mounts, files);
  const address = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: tools.chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const rounds = [];
  for (let round = 0; round < count; ++round) {
    for (const cell of cells) {
      const given = { ...cell, timing: JSON.parse(option("timing", "{}")) };
      const measured = cell.place === "node" ? inNode(given) : await inPage(browser, address, given);
      rounds.push({ cell: label(cell), round, load: loadavg()[0], ...measured });
      const told = measured.error ?? `${measured.bestMs.toFixed(2)} ms (median ${measured.medianMs.toFixed(2)})`;
      say(`${round + 1}/${count} ${label(cell)}: ${told}`);
    }
  }
  await browser.close();
  server.close();

  const rows = summary(cells, rounds);
  console.log(tableOf(rows));
  console.log("\n| wasm | bytes | gzip |\n|---|--:|--:|");
  for (const { name, bytes, gzip } of sizes()) console.log(`| ${name} | ${bytes} | ${gzip} |`);
  console.log("");
  for (const { model, mode, sha256 } of files) console.log(`${sha256}  ${model}/${mode}`);
  const machine = { processor: cpus()[0]?.model, node: process.version };
  mkdirSync(buildRoot, { recursive: true });
  writeFileSync(join(buildRoot, "bench.json"), JSON.stringify({ machine, rows, rounds, sizes: sizes() }, null, 1));
}

await main(async () => {
  const tools = await setup("test");
  if (!process.argv.includes("--as-built")) await build(tools);
  const api = await import(pathToFileURL(inRoot("dist/node.js")).href);
  const profiled = option("profile");
  if (profiled) return await profile(api, profiled, option("variant"));
  await installPeers();
  await compareRuntimes(api, tools);
});
