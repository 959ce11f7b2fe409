// What the tests of the package share: the example model, temporary folders, running programs.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "litequant";
import { load } from "litequant";

export const root = join(__dirname, "../..");
/** Where the package was unpacked: a fresh folder with nothing else in it. */
export const packed = process.env["LITEQUANT_PACKED"] ?? join(root, ".cache/packed");
export const cliPath = join(packed, "node_modules/litequant/dist/cli.js");
export const examplePath = join(root, "web/examples/characters/characters.tflite");

export const exampleBytes = (): Uint8Array => new Uint8Array(readFileSync(examplePath));
export const loadExample = (): Promise<Model> => load(examplePath);

/** Samples of the example's shape, different for each index, in [-1, 1]. */
export function exampleSample(index: number): Float32Array {
  return Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin((i + 1) * (index + 1) * 0.37));
}
export const exampleSamples = (count: number): Float32Array[][] =>
  Array.from({ length: count }, (_, index) => [exampleSample(index)]);

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function runNode(args: readonly string[], cwd = packed, env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 1 << 26 };
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** The command line, from a given folder. */
export const litequant = (args: readonly string[], cwd?: string): Promise<Ended> => runNode([cliPath, ...args], cwd);

const folders: string[] = [];
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "litequant-test-"));
  folders.push(folder);
  return folder;
}
export function removeTemporaryFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** The error that a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await work;
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error("it did not fail");
}
