// `npm test`: sets up, builds, runs every check and every test; the last line of stdout is the sum.
//   npm test -- lint|cpp|jest|e2e|python ...    only these parts
//   npm run test:all                     also: native C++ with sanitizers, long tests, checks against TensorFlow Lite
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { build } from "./build.mjs";
import { variants } from "./cmake.mjs";
import { testCpp } from "./cpp.mjs";
import { installPackages, isDebian12 } from "./debian.mjs";
import { lint, tidy } from "./lint.mjs";
import { testPython } from "./python.mjs";
import { counts, none, ofJest, ofPlaywright, sum, summary } from "./results.mjs";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, filesBelow, inRoot, main, run, say } from "./system.mjs";

const all = process.argv.includes("--all");
const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const native = all || chosen.includes("python");

/** Rows: the part's name, and its runs, each {name, run} giving counts. */
const parts = {
  lint: [{ name: "lint", run: lint }, all && { name: "clang-tidy", run: tidy }],
  cpp: [...variants, ...(all ? ["native"] : [])].map((variant) => ({
    name: `C++ ${variant}`,
    run: (tools) => testCpp(variant, tools, { long: all }),
  })),
  jest: [{ name: "Jest", run: testJest }],
  e2e: [{ name: "Playwright", run: testPage }],
  python: [native && { name: "Python", run: testPython }],
};

async function testJest() {
  if (filesBelow("tests/package", (path) => path.endsWith(".test.ts")).length === 0)
    return skip("Jest", "there are no tests yet");
  if (!existsSync(inRoot("dist/node.js"))) return skip("Jest", "the package was not built");
  const results = freshFile("jest-results.json");
  const line = ["-c", "tests/jest.config.mjs", "--json", `--outputFile=${results}`];
  const code = await run(process.execPath, [inRoot("node_modules/jest/bin/jest.js"), ...line], { env: longTests() });
  return counts(results, ofJest, code);
}

async function testPage(tools) {
  if (filesBelow("e2e", (path) => path.endsWith(".spec.ts")).length === 0)
    return skip("Playwright", "there are no tests yet");
  if (!existsSync(inRoot(".build/web/index.html"))) return skip("Playwright", "the page was not built");
  const results = freshFile("e2e-results.json");
  if (all) await offerFirefox();
  const env = {
    ...longTests(),
    ...websocket,
    E2E_RESULTS: results,
    E2E_PORT: String(await freePort()),
    CHROMIUM: tools.chromium,
  };
  const cli = inRoot("node_modules/@playwright/test/cli.js");
  const code = await run(process.execPath, [cli, "test", "-c", "e2e/playwright.config.ts"], { env });
  return counts(results, ofPlaywright, code);
}

/** Node 20 has WebSocket behind a flag, which later versions still take. */
const websocket = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --experimental-websocket`.trim() };

/** One test runs in it; without it, that is skipped. */
async function offerFirefox() {
  if (existsSync("/usr/bin/firefox-esr") || process.env.FIREFOX) return;
  try {
    if (!isDebian12()) throw new Failure("firefox-esr is installed on Debian 12 alone");
    await installPackages(["firefox-esr"]);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`Firefox: skipped, ${error.message}`);
  }
}

/** Tests marked long run when LITEQUANT_LONG is set. */
const longTests = () => (all ? { LITEQUANT_LONG: "1" } : {});

function skip(name, reason) {
  say(`${name}: skipped, ${reason}`);
  return none();
}

function freshFile(name) {
  mkdirSync(buildRoot, { recursive: true });
  rmSync(join(buildRoot, name), { force: true });
  return join(buildRoot, name);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

await main(async () => {
  const unknown = chosen.filter((name) => !(name in parts));
  if (unknown.length > 0)
    throw new Failure(`no such part: ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  const tools = await setup(native ? "native" : "test");
  const results = [];
  try {
    await build(tools);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    results.push({ passed: 0, failed: 1, skipped: 0 });
  }
  for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
    for (const part of parts[name].filter(Boolean)) {
      const result = await part.run(tools);
      say(`${part.name}: ${summary(result)}`);
      results.push(result);
    }
  }
  const total = sum(results);
  console.log(summary(total));
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});
