// Installs what a build needs and this machine lacks; does nothing, quickly, when nothing is missing.
//   node .scripts/setup.mjs            what `npm start` and `npm run build` need
//   node .scripts/setup.mjs --test     and what `npm test` needs
//   node .scripts/setup.mjs --native   and what `npm run test:all` needs
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installPackages, isDebian12, unpackDebian13 } from "./debian.mjs";
import { Failure, cache, hashOf, inRoot, locked, main, must, root } from "./system.mjs";
import { tools } from "./tools.mjs";

const stages = ["build", "test", "native"];
const resultFile = join(cache, "tools.json");

/**
 * Everything up to `stage` is there afterwards. Resolves to where each tool is: an object by the names of tools.mjs, and
 * `env`, the variables its programs need.
 */
export async function setup(stage = "build") {
  return remembered(stage) ?? locked("setup", () => install(stage));
}

/** The last result, if nothing it was made from has changed and everything it names is still there. */
function remembered(stage) {
  if (!existsSync(resultFile)) return undefined;
  const result = JSON.parse(readFileSync(resultFile, "utf8"));
  const enough = stages.indexOf(result.stage) >= stages.indexOf(stage);
  if (!enough || result.key !== key() || !result.files.every((path) => existsSync(path))) return undefined;
  return result.tools;
}

const key = () =>
  hashOf({
    files: ["package-lock.json", ...readdirSync(inRoot(".scripts")).map((name) => `.scripts/${name}`)].filter((name) =>
      /setup|tools|debian|package-lock/.test(name),
    ),
    texts: [root, process.execPath, process.env.PATH, process.env.CHROMIUM, process.env.GOOGLETEST_SOURCE].map(String),
  });

async function install(stage) {
  const wanted = tools.filter((tool) => stages.indexOf(tool.for) <= stages.indexOf(stage));
  const missing = () => wanted.filter((tool) => !tool.find());
  if (missing().length > 0) {
    if (isDebian12()) await installOnDebian(missing());
    const lacking = missing();
    if (lacking.length > 0) {
      const lines = lacking.map((tool) => `  - ${tool.elsewhere}`);
      const where = isDebian12() ? "" : "Only Debian 12 is set up by itself. ";
      throw new Failure(`${where}Please install what is missing, then try again:\n${lines.join("\n")}`);
    }
  }
  await installModules();
  const found = Object.fromEntries(wanted.map((tool) => [tool.name, tool.find()]));
  found.env = environment(found);
  const files = Object.values(found).flatMap((place) => (typeof place === "string" ? [place] : Object.values(place)));
  const kept = files.filter((path) => typeof path === "string" && path.startsWith("/") && !path.includes(":"));
  if (existsSync(inRoot("package-lock.json"))) kept.push(inRoot("node_modules"));
  mkdirSync(cache, { recursive: true });
  writeFileSync(`${resultFile}.new`, JSON.stringify({ stage, key: key(), files: kept, tools: found }, null, 1));
  renameSync(`${resultFile}.new`, resultFile);
  return found;
}

async function installOnDebian(missing) {
  const packages = missing.flatMap((tool) => tool.debian ?? []);
  const lacks = (name) => missing.some((tool) => tool.name === name);
  if (lacks("emscripten")) packages.push("clang-19", "lld-19", "llvm-19", "ccache");
  await installPackages(packages);
  if (lacks("emscripten")) await installEmscripten();
  if (lacks("flatbuffers")) await installFlatbuffers();
}

/**
 * Emscripten of Debian 13 with clang 19 of Debian 12: its Python and its prebuilt libraries do not depend on the machine,
 * and only Binaryen, compiled against a newer C library, needs a wrapper.
 */
async function installEmscripten() {
  const folder = join(cache, "emscripten");
  await unpackDebian13(folder, ["emscripten", "binaryen", "node-acorn"], /^wasm/);
  symlinkSync("../nodejs", join(folder, "root/usr/share/emscripten/node_modules"));
  // Emscripten's own JavaScript is CommonJS; the package.json above it is ours.
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const settings = {
    LLVM_ROOT: "/usr/bin",
    BINARYEN_ROOT: folder,
    NODE_JS: process.execPath,
    LLVM_ADD_VERSION: "19",
    CLANG_ADD_VERSION: "19",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  writeFileSync(join(folder, "em.config"), `${lines.join("\n")}\nFROZEN_CACHE = True\n`);
}

async function installFlatbuffers() {
  const folder = join(cache, "flatbuffers");
  await unpackDebian13(folder, ["flatbuffers-compiler", "libflatbuffers23.5.26", "libflatbuffers-dev"], /^flatc$/);
  symlinkSync("root/usr/include", join(folder, "include"));
}

/** node_modules as the lock file says. */
async function installModules() {
  if (!existsSync(inRoot("package-lock.json"))) return;
  const stamp = inRoot("node_modules/.litequant-lock");
  const lock = hashOf({ files: ["package-lock.json"], texts: [process.platform, process.arch] });
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  await must("npm", ["ci", "--no-audit", "--no-fund"], { quiet: true });
  writeFileSync(stamp, lock);
}

/** Variables for Emscripten, also written as .cache/env for use from a shell. */
function environment({ emscripten }) {
  const env = {};
  if (emscripten.config) env.EM_CONFIG = emscripten.config;
  if (!WebAssembly.validate(relaxedDot)) env.EM_NODE_JS = relaxedNode();
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
  lines.push(`export PATH='${join(emscripten.emcc, "..")}':$PATH`);
  writeFileSync(join(cache, "env"), `${lines.join("\n")}\n`);
  return env;
}

// (module (func (result v128) i32.const 0 i8x16.splat i32.const 0 i8x16.splat i16x8.relaxed_dot_i8x16_i7x16_s))
const relaxedDot = Uint8Array.from(
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0].concat([
    65, 0, 253, 15, 65, 0, 253, 15, 253, 146, 2, 11,
  ]),
);

/** Emscripten runs what it links, to write the glue. For the relaxed variant Node 20 must be told that it may. */
function relaxedNode() {
  const wrapper = join(cache, "node");
  writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' --experimental-wasm-relaxed-simd "$@"\n`);
  chmodSync(wrapper, 0o755);
  return wrapper;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const stage = process.argv.includes("--native") ? "native" : process.argv.includes("--test") ? "test" : "build";
    await setup(stage);
  });
}
