// What the command line writes: results on stdout, everything else on stderr, files whole or not at all.
import { randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import type { Progress } from "../node.js";
import { LiteQuantError } from "../node.js";

/** Text from models and paths may hold anything; a terminal gets no control characters. */
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
export const printable = (text: string): string =>
  text.replace(controls, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

const temporary = new Set<string>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.all([...temporary].map((path) => rm(path, { force: true }))).finally(() =>
      process.exit(signal === "SIGINT" ? 130 : 143),
    );
  });
}

/** Writes beside the target and renames, so that a failure leaves what was there. */
export async function writeWhole(path: string, contents: Uint8Array | string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  temporary.add(beside);
  try {
    await writeFile(beside, contents);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    const { code, message } = error as { code?: string; message: string };
    const known: Record<string, string> = {
      ENOENT: "the folder does not exist",
      EACCES: "permission denied",
      ENOSPC: "the disk is full",
      EISDIR: "it is a folder",
      EROFS: "the disk is read-only",
    };
    throw new LiteQuantError({
      code: "FILE_NOT_READ",
      message: `cannot write ${path}: ${(code && known[code]) ?? message}`,
    });
  } finally {
    temporary.delete(beside);
  }
}

/** A line on a terminal that says how far the work is; nothing elsewhere. */
export function progressLine(): { readonly onProgress?: (progress: Progress) => void; end(): void } {
  if (!process.stderr.isTTY) return { end: () => undefined };
  return {
    onProgress({ phase, done, total, remainingMs }) {
      const count = total === undefined ? `${done}` : `${done}/${total}`;
      const left = remainingMs === undefined || remainingMs < 1000 ? "" : `, ${Math.round(remainingMs / 1000)} s left`;
      process.stderr.write(`\r\x1b[2K${phase} ${count}${left}`);
    },
    end() {
      process.stderr.write("\r\x1b[2K");
    },
  };
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

export const percentText = (share: number | undefined): string =>
  share === undefined ? "–" : `${(share * 100).toFixed(1)} %`;

export const decibelText = (sqnr: number | null | undefined): string =>
  sqnr === undefined ? "–" : sqnr === null ? "exact" : `${sqnr.toFixed(1)} dB`;

/** Columns padded to their widest cell; all but the first are right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
