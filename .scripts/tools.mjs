// Where each tool is. One row per tool: how it is found, what Debian package has it, what to say elsewhere.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { cache, capture, which } from "./system.mjs";

const oldestEmcc = [3, 1, 64];

const version = (program, args = ["--version"]) =>
  capture(program, args, { stdio: ["ignore", "pipe", "ignore"] })
    ?.match(/(\d+)\.(\d+)(?:\.(\d+))?/)
    ?.slice(1)
    .map((part) => Number(part ?? 0));

const atLeast = (found, wanted) => {
  if (!found) return false;
  const index = wanted.findIndex((part, place) => found[place] !== part);
  return index < 0 || found[index] > wanted[index];
};

const firstOnPath = (...names) => names.map((name) => which(name)).find(Boolean);
const firstExisting = (...paths) => paths.find((path) => path && existsSync(path));

/** Emscripten of ours in .cache, or the user's if new enough. Gives {emcc, emcmake, config}. */
export function findEmscripten() {
  const users = which("emcc");
  if (users && atLeast(version(users), oldestEmcc)) {
    const emcmake = firstExisting(join(dirname(users), "emcmake"), join(dirname(realpathSync(users)), "emcmake"));
    if (emcmake) return { emcc: users, emcmake, config: undefined };
  }
  const folder = join(cache, "emscripten");
  const home = join(folder, "root/usr/share/emscripten");
  if (!existsSync(join(folder, "em.config"))) return undefined;
  return { emcc: join(home, "emcc"), emcmake: join(home, "emcmake"), config: join(folder, "em.config") };
}

/** flatc, and the folder of the FlatBuffers headers of the very same version. */
export function findFlatbuffers() {
  const folder = join(cache, "flatbuffers");
  const users = which("flatc");
  const candidates = [
    { flatc: join(folder, "bin/flatc"), include: join(folder, "include") },
    users && { flatc: users, include: join(dirname(realpathSync(users)), "../include") },
  ];
  return candidates.find((candidate) => {
    const header = candidate && join(candidate.include, "flatbuffers/base.h");
    if (!header || !existsSync(candidate.flatc) || !existsSync(header)) return false;
    const text = readFileSync(header, "utf8");
    const parts = ["MAJOR", "MINOR", "REVISION"].map((part) =>
      Number(text.match(new RegExp(`FLATBUFFERS_VERSION_${part} (\\d+)`))?.[1]),
    );
    return parts[0] >= 23 && version(candidate.flatc)?.join() === parts.join();
  });
}

/** Rows: `for` says who needs it: every build, the tests, or only `npm run test:all` (native). */
export const tools = [
  {
    name: "python3",
    for: "build",
    find: () => which("python3"),
    debian: ["python3"],
    elsewhere: "Python 3 (Emscripten needs it)",
  },
  {
    name: "cmake",
    for: "build",
    find: () => firstOnPath("cmake") && atLeast(version("cmake"), [3, 25, 0]) && which("cmake"),
    debian: ["cmake"],
    elsewhere: "CMake 3.25 or newer",
  },
  { name: "ninja", for: "build", find: () => which("ninja"), debian: ["ninja-build"], elsewhere: "Ninja" },
  {
    name: "emscripten",
    for: "build",
    find: findEmscripten,
    elsewhere: `Emscripten ${oldestEmcc.join(".")} or newer, with emcc on the PATH`,
  },
  {
    name: "flatbuffers",
    for: "build",
    find: findFlatbuffers,
    elsewhere:
      "FlatBuffers 23.5 or newer: flatc on the PATH, and the headers of the same version in ../include beside it",
  },
  {
    name: "googletest",
    for: "build",
    find: () => firstExisting(process.env.GOOGLETEST_SOURCE, "/usr/src/googletest"),
    debian: ["libgtest-dev"],
    elsewhere: "the source of GoogleTest 1.12 or newer, with its folder in the variable GOOGLETEST_SOURCE",
  },
  {
    name: "nlohmannJson",
    for: "build",
    find: () => firstExisting("/usr/include/nlohmann/json.hpp", "/usr/local/include/nlohmann/json.hpp"),
    debian: ["nlohmann-json3-dev"],
    elsewhere: "nlohmann/json.hpp in /usr/include or /usr/local/include (tests read JSON with it)",
  },
  {
    name: "clangFormat",
    for: "test",
    find: () => which("clang-format-19"),
    debian: ["clang-format-19"],
    elsewhere: "clang-format 19 as clang-format-19",
  },
  {
    name: "chromium",
    for: "test",
    find: () => process.env.CHROMIUM || firstOnPath("chromium", "chromium-browser", "google-chrome"),
    debian: ["chromium", "fonts-liberation"],
    elsewhere: "Chromium or Chrome, with its program in the variable CHROMIUM",
  },
  {
    name: "clang",
    for: "native",
    find: () => which("clang++-19"),
    debian: ["clang-19"],
    elsewhere: "clang 19 as clang++-19",
  },
  {
    name: "sanitizers",
    for: "native",
    find: () => firstExisting("/usr/lib/llvm-19/lib/clang/19/lib/linux"),
    debian: ["libclang-rt-19-dev"],
    elsewhere: "the sanitizer runtimes of clang 19",
  },
  {
    name: "clangTidy",
    for: "native",
    find: () => which("clang-tidy-19"),
    debian: ["clang-tidy-19"],
    elsewhere: "clang-tidy 19",
  },
  {
    name: "simde",
    for: "native",
    find: () => firstExisting("/usr/include/simde/wasm/simd128.h"),
    debian: ["libsimde-dev"],
    elsewhere: "SIMDe's headers in /usr/include",
  },
  {
    name: "venv",
    for: "native",
    find: () => capture("python3", ["-c", "import ensurepip"]) !== undefined,
    debian: ["python3-venv"],
    elsewhere: "Python's venv module",
  },
];
