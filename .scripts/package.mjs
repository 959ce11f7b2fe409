// Makes the npm package's files in dist/ from bindings/: one bundle per entry point, type declarations, both wasm variants.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { variants } from "./cmake.mjs";
import { buildRoot, filesBelow, inRoot, must, say, whenChanged } from "./system.mjs";

const node = { platform: "node", target: "node20" };
const browser = { platform: "browser", target: "es2022" };

/** The entry points. An entry whose source does not exist is left out. */
const entries = [
  { source: "bindings/node.ts", file: "node.js", format: "esm", ...node },
  { source: "bindings/node.ts", file: "node.cjs", format: "cjs", ...node },
  { source: "bindings/web.ts", file: "web.js", format: "esm", ...browser, besideDirect: true },
  { source: "bindings/direct.ts", file: "direct.js", format: "esm", ...browser },
  { source: "bindings/worker.ts", file: "worker.js", format: "esm", ...browser },
  { source: "bindings/cli.ts", file: "cli.js", format: "esm", ...node, besideNode: true },
];

/** CommonJS has no import.meta; its place is taken by the file's own address. */
const importMetaOfCommonJs = {
  define: { "import.meta.url": "importMetaUrl" },
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

const fresh = join(buildRoot, "package");

export async function buildPackage() {
  const present = entries.filter((entry) => existsSync(inRoot(entry.source)));
  const glue = variants.flatMap((name) => [`.build/${name}/litequant.mjs`, `.build/${name}/litequant.wasm`]);
  if (present.length === 0 || !glue.every((file) => existsSync(inRoot(file)))) {
    say("package: skipped, bindings/ or the module is not there yet");
    return;
  }
  const sources = filesBelow("bindings", (path) => /\.(ts|mts|json)$/.test(path));
  const inputs = { files: [...sources, ...glue, ".scripts/package.mjs", "package.json", "package-lock.json"] };
  const outputs = [
    ...present.map((entry) => `dist/${entry.file}`),
    "dist/types",
    ...variants.map((name) => `dist/litequant-${name}.wasm`),
  ];
  await whenChanged("package", inputs, outputs, async () => {
    // Made beside, then put in place: a failure leaves the last good package.
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    await bundle(present);
    for (const name of variants) {
      copyFileSync(join(buildRoot, name, "litequant.wasm"), join(fresh, `litequant-${name}.wasm`));
    }
    copyFileSync(inRoot("node_modules/fflate/LICENSE"), join(fresh, "fflate.LICENSE")); // it is part of the bundles
    if (existsSync(join(fresh, "cli.js"))) chmodSync(join(fresh, "cli.js"), 0o755);
    await declareTypes();
    rmSync(inRoot("dist"), { recursive: true, force: true });
    renameSync(fresh, inRoot("dist"));
  });
}

async function bundle(present) {
  const esbuild = await import("esbuild");
  const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  for (const { source, file, format, platform, target, besideNode, besideDirect } of present) {
    await esbuild.build({
      entryPoints: [inRoot(source)],
      outfile: join(fresh, file),
      bundle: true,
      format,
      platform,
      target,
      external: ["sharp"],
      // CommonJS loads sharp with `require`, which works where dynamic import does not (Jest).
      supported: { "dynamic-import": format === "esm" },
      plugins: [moduleGlue, ...(besideNode ? [nodeEntry] : []), ...(besideDirect ? [directEntry] : [])],
      minify: platform === "browser",
      legalComments: "none",
      logLevel: "warning",
      banner: format === "cjs" ? importMetaOfCommonJs.banner : {},
      define: { LITEQUANT_VERSION: JSON.stringify(version), ...(format === "cjs" ? importMetaOfCommonJs.define : {}) },
    });
  }
}

/**
 * `import create from "#glue/simd"` is Emscripten's JavaScript for that variant. Its own idea of where the wasm lies is
 * taken out: bundlers would follow it to a file that is not there.
 */
const moduleGlue = {
  name: "module glue",
  setup(build) {
    const glueOf = (variant) => join(buildRoot, variant, "litequant.mjs");
    const text = (variant) => readFileSync(glueOf(variant), "utf8");
    const [first] = variants;
    build.onResolve({ filter: /^#glue\// }, ({ path }) => {
      const variant = path.slice("#glue/".length);
      return { path: glueOf(text(variant) === text(first) ? first : variant) }; // one copy where they are alike
    });
    build.onLoad({ filter: /litequant\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8")
        .replace(/new URL\((["']litequant\.wasm["']),\s*import\.meta\.url\)\.href/g, "$1")
        .replaceAll("import.meta.url", '""'),
    }));
  },
};

/** Another of the package's files, imported as it is instead of a copy of it. */
const beside = (file) => ({
  name: `beside ${file}`,
  setup(build) {
    build.onResolve({ filter: new RegExp(`/${file}$`) }, ({ path, resolveDir }) =>
      join(resolveDir, path) === inRoot(`bindings/${file}`) ? { path: `./${file}`, external: true } : undefined,
    );
  },
});
/** The command line imports the package's own Node entry. */
const nodeEntry = beside("node.js");
/** A page fetches what runs an engine in its own thread only when that is wanted. */
const directEntry = beside("direct.js");

/** dist/types for `import`; the same files in dist/types-cjs for `require`, whose package.json makes them CommonJS. */
async function declareTypes() {
  const compiler = inRoot("node_modules/typescript/bin/tsc");
  const output = join(fresh, "types");
  const line = ["-p", inRoot("bindings"), "--noEmit", "false", "--emitDeclarationOnly", "--declaration"];
  await must(process.execPath, [compiler, ...line, "--outDir", output]);
  cpSync(output, join(fresh, "types-cjs"), { recursive: true });
  writeFileSync(join(fresh, "types-cjs/package.json"), '{ "type": "commonjs" }\n');
}
