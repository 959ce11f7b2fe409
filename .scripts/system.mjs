// The few things every script needs of the system: paths, running a program, finding one, hashing, locking.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const inRoot = (...parts) => join(root, ...parts);
export const cache = inRoot(".cache");
export const buildRoot = inRoot(".build");

/** A failure the user can act on: printed without a stack trace. */
export class Failure extends Error {}

/** Runs a script's main function; a Failure becomes one message and exit code 1. */
export async function main(run) {
  // Leaving by `exit` also ends the programs we run.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  try {
    const code = await run();
    process.exitCode = code ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Progress goes to stderr: stdout is for results. */
export const say = (line) => process.stderr.write(`${line}\n`);

/** Path of a program, or undefined. */
export function which(name, path = process.env.PATH ?? "") {
  const suffixes = process.platform === "win32" ? [".exe", ".bat", ".cmd", ""] : [""];
  for (const folder of path.split(delimiter)) {
    for (const suffix of suffixes) {
      const candidate = join(folder, name + suffix);
      if (folder && existsSync(candidate) && statSync(candidate).isFile()) return candidate;
    }
  }
  return undefined;
}

/** stdout of a program, or undefined when it is missing or fails. */
export function capture(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: "utf8", cwd: root, maxBuffer: 1 << 28, ...options });
  return result.status === 0 ? result.stdout : undefined;
}

/**
 * Runs a program and resolves to its exit code. `quiet` holds its output back and shows it only on failure, without
 * what matches `noise`; `onOutput` sees each piece of it. Otherwise its stdout goes to our stderr, so that results stay
 * alone on stdout.
 */
export function run(program, args, { env = {}, cwd = root, quiet = false, noise, onOutput } = {}) {
  return new Promise((resolve, reject) => {
    const output = [];
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", quiet ? "pipe" : process.stderr, quiet ? "pipe" : process.stderr],
    });
    for (const stream of quiet ? [child.stdout, child.stderr] : []) {
      stream.on("data", (chunk) => {
        output.push(chunk);
        onOutput?.(String(chunk));
      });
    }
    const stop = () => child.kill();
    process.on("exit", stop);
    child.on("error", (error) => reject(new Failure(`cannot run ${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      process.off("exit", stop);
      if (code !== 0 && quiet) {
        const text = String(Buffer.concat(output));
        process.stderr.write(noise ? text.replace(noise, "") : text);
      }
      resolve(code ?? `signal ${signal}`);
    });
  });
}

/** Runs a program that must succeed. */
export async function must(program, args, options) {
  const code = await run(program, args, options);
  if (code !== 0) throw new Failure(`failed (${code}): ${program} ${args.join(" ")}`);
}

/** Files below a folder (given relative to the root), sorted, relative to the root. */
export function filesBelow(folder, matches = () => true) {
  if (!existsSync(inRoot(folder))) return [];
  return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .filter((path) => !path.includes("node_modules") && matches(path))
    .sort();
}

/** One hash over texts and the contents of files (paths relative to the root). */
export function hashOf({ files = [], texts = [] }) {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text}\0`);
  for (const file of files) {
    hash.update(`${file}\0`);
    if (existsSync(inRoot(file))) hash.update(readFileSync(inRoot(file)));
  }
  return hash.digest("hex");
}

/** Does `step` only if its inputs changed since the last success, or an output is missing. */
export async function whenChanged(name, inputs, outputs, step) {
  const stamp = join(cache, "stamps", name);
  const hash = hashOf(inputs);
  const fresh =
    existsSync(stamp) && readFileSync(stamp, "utf8") === hash && outputs.every((path) => existsSync(inRoot(path)));
  if (fresh) return false;
  rmSync(stamp, { force: true });
  await step();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}

/** Holds a lock file while `step` runs: two builds in one checkout take turns. A dead owner's lock is taken over. */
export async function locked(name, step) {
  const file = join(cache, `${name}.lock`);
  mkdirSync(cache, { recursive: true });
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!ownerLives(file)) rmSync(file, { force: true });
    else if (waited === 4) say(`waiting for another ${name} in this checkout`);
    await sleep(250);
  }
  try {
    return await step();
  } finally {
    rmSync(file, { force: true });
  }
}

function ownerLives(file) {
  try {
    const owner = Number(readFileSync(file, "utf8"));
    if (owner > 0) process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
