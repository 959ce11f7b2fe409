// Builds and runs the C++ tests of one variant through ctest, whose programs write GoogleTest's JSON.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildVariant } from "./cmake.mjs";
import { counts, none, ofGoogleTest, sum } from "./results.mjs";
import { Failure, capture, filesBelow, run, say } from "./system.mjs";

/** `long`: also the tests whose name says Long. */
export async function testCpp(variant, tools, { long = false } = {}) {
  if (filesBelow("tests", (path) => path.endsWith("_test.cc")).length === 0) {
    say("C++: skipped, there are no tests yet");
    return none();
  }
  let folder;
  try {
    folder = await buildVariant(variant, [], tools);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const results = join(folder, "results");
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const which = ["--test-dir", folder, ...(long ? [] : ["--label-exclude", "long"])];
  const code = await run("ctest", [...which, "-j2", "--output-on-failure"], { env: tools.env });
  // A program that crashed left no results: it is counted by its name in ctest's list.
  const programs = JSON.parse(capture("ctest", [...which, "--show-only=json-v1"])).tests.map(({ name }) => name);
  const result = sum(programs.map((name) => counts(join(results, `${name}.json`), ofGoogleTest)));
  if (code !== 0 && result.failed === 0) result.failed = 1;
  return result;
}
