// Checks form: formatting, rules, layers of src/, types. With --fix, formats instead.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { buildVariant } from "./cmake.mjs";
import { layeringErrors } from "./layering.mjs";
import { setup } from "./setup.mjs";
import { filesBelow, inRoot, main, run, say } from "./system.mjs";

const folders = [".scripts", "bindings", "web", "tests", "e2e"];
const bin = (path) => [process.execPath, inRoot("node_modules", path)];
const cxxFiles = () =>
  ["src", "bindings", "tests"].flatMap((folder) => filesBelow(folder, (path) => /\.(h|cc|cpp|inc)$/.test(path)));
const scripts = (pattern) => folders.flatMap((folder) => filesBelow(folder, (path) => pattern.test(path)));

/** Rows: what is checked, whether there is anything to check, the program that checks it, the same to mend. */
const checks = (tools) => [
  {
    name: "prettier",
    line: [...bin("prettier/bin/prettier.cjs"), "--log-level", "warn", "--check", ...folders, "package.json"],
    fix: [...bin("prettier/bin/prettier.cjs"), "--log-level", "warn", "--write", ...folders, "package.json"],
  },
  {
    name: "eslint",
    files: scripts(/\.(ts|tsx|mjs)$/),
    line: [...bin("eslint/bin/eslint.js"), "-c", "bindings/eslint.config.mjs", "--max-warnings", "0", ...folders],
    fix: [...bin("eslint/bin/eslint.js"), "-c", "bindings/eslint.config.mjs", "--fix", ...folders],
  },
  {
    name: "clang-format",
    files: cxxFiles(),
    line: [tools.clangFormat, "--dry-run", "-Werror", ...cxxFiles()],
    fix: [tools.clangFormat, "-i", ...cxxFiles()],
  },
  {
    name: "layers of src/",
    files: filesBelow("src"),
    run: () => {
      const errors = layeringErrors();
      errors.forEach(say);
      return errors.length === 0;
    },
  },
  {
    name: "publint",
    files: existsSync(inRoot("dist")) ? ["dist"] : [],
    line: [...bin("publint/src/cli.js"), "--strict", "."],
  },
  ...["bindings", "web", "tests", "e2e"].map((folder) => ({
    name: `types of ${folder}/`,
    files: existsSync(inRoot(folder, "tsconfig.json")) ? filesBelow(folder, (path) => /\.tsx?$/.test(path)) : [],
    line: [...bin("typescript/bin/tsc"), "--noEmit", "-p", folder],
  })),
];

/** Runs every check that has something to check; each counts as one. */
export async function lint(tools) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const check of checks(tools)) {
    if (check.files?.length === 0) continue;
    const passed = check.run ? check.run() : (await run(check.line[0], check.line.slice(1), { quiet: true })) === 0;
    if (!passed) say(`lint: ${check.name} failed`);
    counts[passed ? "passed" : "failed"]++;
  }
  return counts;
}

/** clang-tidy over the core, on the native build's compile commands. Slow: only in `npm run test:all`. */
export async function tidy(tools) {
  const sources = filesBelow("src", (path) => path.endsWith(".cc"));
  if (sources.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const folder = await buildVariant("native", [], tools);
  const lines = [sources.filter((_, index) => index % 2 === 0), sources.filter((_, index) => index % 2 === 1)];
  const codes = await Promise.all(
    lines
      .filter((files) => files.length > 0)
      .map((files) => run(tools.clangTidy, ["-p", folder, "--quiet", ...files], { quiet: true })),
  );
  const passed = codes.every((code) => code === 0);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function fix(tools) {
  for (const { name, fix: line, files } of checks(tools)) {
    if (!line || files?.length === 0) continue;
    if ((await run(line[0], line.slice(1))) !== 0) say(`${name} could not mend everything`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const tools = await setup("test");
    if (process.argv.includes("--fix")) return fix(tools);
    const { passed, failed } = await lint(tools);
    console.log(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  });
}
