// Memory of a process as Linux tells it; undefined elsewhere.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** A field of /proc/PID/status in bytes: VmRSS, what it holds, or VmHWM, the most it held. */
export function memoryOf(pid, field) {
  const file = `/proc/${pid}/status`;
  const kilobytes = existsSync(file) && new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(file, "utf8"))?.[1];
  return kilobytes ? 1024 * Number(kilobytes) : undefined;
}

/** VmHWM counts from now on. */
export function forgetPeak(pid) {
  if (existsSync(`/proc/${pid}/clear_refs`)) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
