// `npm run build:offline`: the whole page, and the demos, each in one HTML file of .build/offline, which works from disk.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, filesBelow, inRoot, main, say, whenChanged } from "./system.mjs";

const folder = join(buildRoot, "offline");

/** Pages of one file each: what runs in them, and which of web/examples they hold. */
const pages = [
  {
    file: "litequant.html",
    entry: "web/src/offline/main.tsx",
    title: "litequant: quantize TensorFlow Lite models, offline",
    example: "characters",
  },
  {
    file: "classifier.html",
    entry: "web/src/demos/classifier.tsx",
    title: "litequant demo: a classifier, float and int8",
    example: "characters",
  },
  {
    file: "denoise.html",
    entry: "web/src/demos/denoise.tsx",
    title: "litequant demo: noise taken off pictures, int8 and 16-bit activations",
    example: "denoise",
  },
  {
    file: "keywords.html",
    entry: "web/src/demos/keywords.tsx",
    title: "litequant demo: spoken words, float and int8",
    example: "keywords",
  },
];
const mostBytes = 1_500_000;
/** Rows of tiles that are kept of each sheet of characters. */
const exampleRows = 5;
/** Seconds that are kept to try the model of sounds on. */
const exampleSounds = 24;
const shifted = [0, 13, 60];

/** Seven bits a character; see web/src/offline/boot.ts, which reads it. */
function sevenBits(bytes) {
  const codes = new Uint16Array(Math.ceil((bytes.length * 8) / 7));
  let bits = 0;
  let held = 0;
  let to = 0;
  const put = (code) => {
    const place = shifted.indexOf(code);
    codes[to++] = place < 0 ? code : 128 + place;
  };
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 7) {
      held -= 7;
      put((bits >> held) & 127);
      bits &= (1 << held) - 1;
    }
  }
  if (held > 0) put((bits << (7 - held)) & 127);
  return Buffer.from(codes.buffer).toString("utf16le");
}

const packed = (bytes) => sevenBits(gzipSync(bytes, { level: 9 }));

/** First bytes of all words, then second ones, …: floats pack better so. */
function planesOf(bytes) {
  const words = bytes.length >> 2;
  const planes = Buffer.from(bytes);
  for (let i = 0; i < words; i++) for (let k = 0; k < 4; k++) planes[k * words + i] = bytes[i * 4 + k];
  return planes;
}

/** `?raw` as Vite has it, the package as any user imports it, and the example out of the file instead of a server. */
const sources = {
  name: "sources",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^litequant$/ }, () => ({ path: inRoot("dist/web.js") }));
    onResolve({ filter: /^\.{1,2}\/example\.js$/ }, () => ({ path: inRoot("web/src/offline/example.ts") }));
    onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice(0, -"?raw".length)),
      namespace: "raw",
    }));
    onLoad({ filter: /.*/, namespace: "raw" }, ({ path }) => ({
      contents: readFileSync(path, "utf8"),
      loader: "text",
    }));
  },
};

async function bundle(entry, options = {}) {
  const { build: esbuild } = await import("esbuild");
  const { outputFiles } = await esbuild({
    entryPoints: [inRoot(entry)],
    bundle: true,
    write: false,
    minify: true,
    target: "es2022",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "error",
    plugins: [sources],
    ...options,
  });
  return outputFiles[0].contents;
}

/** Samples as the page holds them: of PNG sheets the first rows in a smaller format, of sounds those that are shown. */
async function samplesOf(example, name) {
  const at = (ending) => inRoot(`web/examples/${example}/${name}.${ending}`);
  if (existsSync(at("webp"))) return readFileSync(at("webp"));
  if (existsSync(at("wav"))) {
    const { rate } = JSON.parse(readFileSync(inRoot(`web/examples/${example}/samples.json`), "utf8"));
    return readFileSync(at("wav")).subarray(0, 44 + (name === "samples" ? exampleSounds : Infinity) * rate);
  }
  const { default: sharp } = await import("sharp");
  const { tile } = JSON.parse(readFileSync(inRoot(`web/examples/${example}/samples.json`), "utf8"));
  const picture = sharp(at("png"));
  const { width } = await picture.metadata();
  return await picture
    .extract({ left: 0, top: 0, width, height: tile * exampleRows })
    .webp({ quality: 90 })
    .toBuffer();
}

async function make() {
  const text = (bytes) => Buffer.from(bytes).toString().trim();
  const boot = text(await bundle("web/src/offline/boot.ts"));
  const style = text(await bundle("web/src/style.css"));
  const engine = {
    worker: readFileSync(inRoot("dist/worker.js")),
    engine: readFileSync(inRoot("dist/litequant-simd.wasm")),
  };
  mkdirSync(folder, { recursive: true });
  for (const { file, entry, title, example } of pages) {
    const parts = {
      app: await bundle(entry),
      ...engine,
      model: planesOf(readFileSync(inRoot(`web/examples/${example}/${example}.tflite`))),
      calibration: await samplesOf(example, "calibration"),
      samples: await samplesOf(example, "samples"),
    };
    const html = htmlOf(title, boot, style, parts);
    const sizes = Object.entries(parts).map(([name, bytes]) => `${name} ${packed(Buffer.from(bytes)).length}`);
    say(`${file}: ${Buffer.byteLength(html)} bytes (${sizes.join(", ")})`);
    writeFileSync(join(folder, file), html);
  }
}

/** Its security policy lets scripts come from the file's own parts and from nowhere else. */
function htmlOf(title, boot, style, parts) {
  const hashOf = (code) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(boot)} blob: 'wasm-unsafe-eval'`,
    "worker-src blob:",
    `style-src ${hashOf(style)}`,
    "img-src blob: data:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const icon = encodeURIComponent(readFileSync(inRoot("web/src/icon.svg"), "utf8").trim());
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${title}</title><link rel="icon" href="data:image/svg+xml,${icon}">`,
    `<style>${style}</style></head><body><div id="app"></div>`,
    "<noscript>This page needs JavaScript and WebAssembly. Nothing it reads leaves this computer.</noscript>",
    ...Object.entries(parts).map(
      ([name, bytes]) => `<script type="text/plain" id="part-${name}">${packed(Buffer.from(bytes))}</script>`,
    ),
    `<script>${boot}</script></body></html>\n`,
  ].join("\n");
}

export async function buildOffline() {
  if (!existsSync(inRoot("dist/web.js"))) return;
  const files = [...filesBelow("web"), ...filesBelow("dist"), ".scripts/offline.mjs", "package-lock.json"];
  const outputs = pages.map(({ file }) => `.build/offline/${file}`);
  await whenChanged("offline", { files }, outputs, make);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const { build } = await import("./build.mjs");
    await build(await setup());
    for (const file of pages.map((page) => join(folder, page.file))) {
      const { size } = statSync(file);
      if (size > mostBytes) throw new Failure(`${file} has ${size} bytes, more than ${mostBytes}`);
      console.log(file);
    }
  });
}
