#!/usr/bin/env node
// The command line: picks the command, and turns its failure into one message and an exit code.
import { adviseCommand } from "./cli/advise.js";
import { commands, helpText, nearest, parseCommand, UsageError } from "./cli/arguments.js";
import type { Arguments } from "./cli/arguments.js";
import {
  calibrateCommand,
  compareCommand,
  dequantizeCommand,
  inspectCommand,
  quantizeCommand,
  runCommand,
} from "./cli/commands.js";
import { note } from "./cli/output.js";
import { reportCommand } from "./cli/report.js";
import { engine, LiteQuantError } from "./node.js";
import type { ErrorCode } from "./node.js";

const failure = 1;
const usage = 2;
const modelRefused = 3;

const run: Readonly<Record<string, (args: Arguments) => Promise<void>>> = {
  quantize: quantizeCommand,
  run: runCommand,
  compare: compareCommand,
  inspect: inspectCommand,
  dequantize: dequantizeCommand,
  advise: adviseCommand,
  calibrate: calibrateCommand,
  report: reportCommand,
};

const exitCodes: Partial<Record<ErrorCode, number>> = {
  BAD_FILE: modelRefused,
  BAD_MODEL: modelRefused,
  TOO_LARGE: modelRefused,
  UNSUPPORTED_OPERATOR: modelRefused,
  UNSUPPORTED_TYPE: modelRefused,
  NONFINITE_WEIGHT: modelRefused,
  NONFINITE_ACTIVATION: modelRefused,
  REFUSED: modelRefused,
  BAD_ARGUMENT: usage,
};

async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(`${helpText(rest[0])}\n`);
    return name === undefined ? usage : 0;
  }
  if (name === "--version" || name === "-V") {
    process.stdout.write(`${(await engine()).version}\n`);
    return 0;
  }
  const command = Object.hasOwn(run, name) ? run[name] : undefined;
  if (!command) {
    const near = nearest(name, Object.keys(commands));
    throw new UsageError(
      `there is no command '${name}'`,
      near ? `did you mean ${near}?` : "litequant --help lists them",
    );
  }
  const args = parseCommand(name, rest);
  if (args) await command(args);
  else process.stdout.write(`${helpText(name)}\n`);
  return 0;
}

function codeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof LiteQuantError) {
    note(`litequant: ${error.message}`);
    if (error.hint) note(`  ${error.hint}`);
    return error instanceof UsageError ? usage : (exitCodes[error.code] ?? failure);
  }
  note(`litequant: an internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return failure;
}

// A reader that went away (`litequant inspect … | head`) ends the work quietly.
process.stdout.on("error", (error: { code?: string }) => process.exit(error.code === "EPIPE" ? 0 : failure));
process.exitCode = await main(process.argv.slice(2)).catch(codeOf);
