// Test results as numbers: {passed, failed, skipped}, read from what each runner writes for machines.
import { existsSync, readFileSync } from "node:fs";
import { say } from "./system.mjs";

export const none = () => ({ passed: 0, failed: 0, skipped: 0 });

export const sum = (results) =>
  results.reduce((total, { passed, failed, skipped }) => {
    return { passed: total.passed + passed, failed: total.failed + failed, skipped: total.skipped + skipped };
  }, none());

export const summary = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

/** Counts in a result file; a runner that left none (it crashed, or did not compile) is one failure. */
export function counts(file, read, exitCode = 0) {
  let result = { passed: 0, failed: 1, skipped: 0 };
  if (existsSync(file)) result = read(JSON.parse(readFileSync(file, "utf8")));
  else say(`no results in ${file}`);
  // Something failed outside any one test: never call that a success.
  if (exitCode !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

export function ofGoogleTest(report) {
  const cases = report.testsuites.flatMap((suite) => suite.testsuite);
  const skipped = cases.filter(({ status, result }) => status === "NOTRUN" || result === "SKIPPED").length;
  const failed = cases.filter(({ failures }) => failures?.length > 0).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}

export function ofJest(report) {
  const broken = report.numRuntimeErrorTestSuites;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken, skipped: report.numPendingTests };
}

export function ofPlaywright({ stats, errors }) {
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + (errors?.length ?? 0),
    skipped: stats.skipped,
  };
}
