// Runs tests/python (pytest) in a virtual environment of its own, .cache/python, with TensorFlow Lite's own interpreter.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildVariant } from "./cmake.mjs";
import { none } from "./results.mjs";
import { buildRoot, cache, filesBelow, must, run, say, whenChanged } from "./system.mjs";

/** The path of a Python that has TensorFlow Lite's interpreter. */
export async function pythonWithTensorFlow() {
  const folder = join(cache, "python");
  const python = join(folder, "bin/python");
  await whenChanged("python", { files: ["tests/python/requirements.txt"] }, [".cache/python/bin/python"], async () => {
    say("installing TensorFlow into .cache/python");
    rmSync(folder, { recursive: true, force: true });
    await must("python3", ["-m", "venv", folder], { quiet: true });
    await must(python, ["-m", "pip", "install", "--quiet", "-r", "tests/python/requirements.txt"], { quiet: true });
  });
  return python;
}

export async function testPython(tools) {
  if (filesBelow("tests/python", (path) => /\/test_[^/]*\.py$/.test(path)).length === 0) {
    say("Python: skipped, there are no tests yet");
    return none();
  }
  const python = await pythonWithTensorFlow();
  // The round trip compares files that a native test program writes.
  await buildVariant("native", ["format_test"], tools);
  const report = join(buildRoot, "python-results.xml");
  mkdirSync(buildRoot, { recursive: true });
  rmSync(report, { force: true });
  const cacheFolder = `cache_dir=${join(cache, "pytest")}`;
  const code = await run(python, ["-m", "pytest", "-q", "-o", cacheFolder, `--junitxml=${report}`, "tests/python"], {
    env: { PYTHONDONTWRITEBYTECODE: "1", TF_CPP_MIN_LOG_LEVEL: "2" },
  });
  return read(report, code);
}

/** Counts of a JUnit file. */
function read(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const suite = /<testsuite [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] ?? "";
  const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}
