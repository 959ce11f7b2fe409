// The command line's grammar: what each command takes, its help, and clear words for what does not fit.
import { parseArgs } from "node:util";

/** A mistake of the user's: one message, exit code 2. */
export class UsageError extends Error {
  readonly hint: string;
  constructor(message: string, hint = "") {
    super(message);
    this.hint = hint;
  }
}

export interface OptionSpec {
  readonly kind: "value" | "list" | "flag";
  readonly short?: string;
  /** As shown in help: "PATH…". */
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly usage: string;
  readonly summary: string;
  /** Names of the operands, all of them needed. */
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}

const output: OptionSpec = { kind: "value", short: "o", value: "FILE", help: "file to write" };
const json: OptionSpec = { kind: "flag", help: "results as JSON on stdout" };
const samples: OptionSpec = { kind: "value", value: "N", help: "at most N samples, spread evenly over what there is" };
const sequence: OptionSpec = {
  kind: "value",
  value: "N|all",
  help: "of a model that keeps states: how many samples in a row are one sequence, whose states are carried along",
};
const signature: OptionSpec = { kind: "value", value: "NAME", help: "signature of the model; by default the first" };

/** How pictures become inputs. */
const pictures: Readonly<Record<string, OptionSpec>> = {
  normalize: {
    kind: "value",
    value: "HOW",
    help: "pictures' values: LOW,HIGH (such as -1,1 or 0,1) or MEAN/STD; by default what the model's metadata says",
  },
  resize: { kind: "value", value: "HOW", help: "stretch (default), or cover: keep the sides' ratio and cut the rest" },
  crop: {
    kind: "value",
    value: "SHARE",
    help: "central share of each side that is kept before resizing; by default 1",
  },
  size: {
    kind: "value",
    value: "H,W",
    help: "height and width of pictures for a model that takes any size; by default 224,224",
  },
  order: { kind: "value", value: "ORDER", help: "order of colours: rgb (default) or bgr" },
};
/** What the quantized model is to be, beside its mode. */
const recipe: Readonly<Record<string, OptionSpec>> = {
  io: { kind: "value", value: "TYPE", help: "type of inputs and outputs: float32, int8, uint8 or int16" },
  weights: {
    kind: "value",
    value: "HOW",
    help:
      "scales of weights: per-channel (default), per-tensor, or per-tensor-dense (one scale for FULLY_CONNECTED alone, " +
      "as micro runtimes want)",
  },
  target: {
    kind: "value",
    value: "WHERE",
    help: "where it is to run: tflite (default), tflite-old, micro, edgetpu or gpu; what cannot run there is refused",
  },
  symmetric: { kind: "flag", help: "int8 activations with zero point 0" },
  "min-elements": { kind: "value", value: "N", help: "dynamic, float16: smaller constants stay in float" },
  "weights-only": { kind: "flag", help: "dynamic: int8 constants behind DEQUANTIZE, computed in float" },
  "keep-float": {
    kind: "list",
    value: "NODE…",
    help:
      "operators that stay in float: a number (or SUBGRAPH:NUMBER), an operator's name, or the name of a result, in " +
      "which * stands for any text",
  },
  "keep-int16": { kind: "list", value: "NODE…", help: "int8: operators that compute with int16 activations" },
};
const modeNames = "dynamic|int8|int8-only|float16|int16x8|int16x8-only";
const dataKinds = "a folder of pictures, .npy, .npz, .wav, .zip, or random:N";

export const commands: Readonly<Record<string, CommandSpec>> = {
  quantize: {
    usage: `quantize MODEL -o OUT --mode ${modeNames} [options]`,
    summary: "make a smaller model",
    operands: ["MODEL"],
    options: {
      output: { ...output, value: "OUT", help: "the .tflite file to write" },
      mode: {
        kind: "value",
        value: "MODE",
        help:
          "dynamic: int8 weights; int8: integers, float in and out; int8-only: integers everywhere, or a refusal; " +
          "float16: half-precision weights; int16x8, int16x8-only: int16 activations, int8 weights",
      },
      calibrate: { kind: "list", value: "PATH…", help: `samples to calibrate with: ${dataKinds}` },
      statistics: { kind: "list", value: "STATS…", help: "files of `litequant calibrate`, merged" },
      samples,
      sequence,
      signature,
      ...pictures,
      ...recipe,
      json,
    },
  },
  run: {
    usage: "run MODEL --input X.npz -o OUT.npz [--signature NAME]",
    summary: "run a model on arrays",
    operands: ["MODEL"],
    options: {
      input: {
        kind: "value",
        value: "FILE",
        help: ".npz with an array for each input, by name; or .npy for a model with one input",
      },
      output: { ...output, value: "OUT.npz", help: "the .npz to write, with an array for each output" },
      signature,
    },
  },
  compare: {
    usage: "compare FLOAT QUANT --data PATH… [--labels FILE] [--json]",
    summary: "how far one model is from another",
    operands: ["FLOAT", "QUANT"],
    options: {
      data: { kind: "list", value: "PATH…", help: `samples: ${dataKinds}` },
      labels: {
        kind: "value",
        value: "FILE",
        help: "class of each sample: .npy, .json, or text with a class number or name per line; by default sub-folders",
      },
      samples,
      signature,
      ...pictures,
      json,
    },
  },
  inspect: {
    usage: "inspect MODEL [--json]",
    summary: "what a model holds, and what each mode would do",
    operands: ["MODEL"],
    options: { json },
  },
  dequantize: {
    usage: "dequantize MODEL -o OUT [--json]",
    summary: "bring a quantized model back to float weights, to quantize it again",
    operands: ["MODEL"],
    options: { output: { ...output, value: "OUT", help: "the .tflite file to write" }, json },
  },
  advise: {
    usage: "advise MODEL [--target WHERE] [--data PATH…] [--json]",
    summary: "which mode suits a model, a target and the data at hand",
    operands: ["MODEL"],
    options: {
      target: recipe["target"] as OptionSpec,
      data: { kind: "list", value: "PATH…", help: "samples there are to calibrate with; they are named, not read" },
      json,
    },
  },
  calibrate: {
    usage: "calibrate MODEL --data PATH… -o STATS",
    summary: "learn ranges, to quantize with elsewhere",
    operands: ["MODEL"],
    options: {
      data: { kind: "list", value: "PATH…", help: `samples: ${dataKinds}` },
      output: { ...output, value: "STATS", help: "the file to write" },
      samples,
      sequence,
      signature,
      ...pictures,
      json,
    },
  },
  report: {
    usage: "report --example | --model MODEL --data PATH… [--labels FILE] [--calibrate PATH…]",
    summary: "a table of all modes: bytes, accuracy, time",
    operands: [],
    options: {
      example: { kind: "flag", help: "the model and samples that come with the source" },
      model: { kind: "value", value: "MODEL", help: "a float model" },
      data: { kind: "list", value: "PATH…", help: `samples to compare on: ${dataKinds}` },
      labels: { kind: "value", value: "FILE", help: "class of each sample; by default sub-folders" },
      calibrate: { kind: "list", value: "PATH…", help: "samples to calibrate with; by default those of --data" },
      samples,
      sequence,
      signature,
      ...pictures,
      json,
    },
  },
};

export interface Arguments {
  readonly operands: readonly string[];
  value(name: string): string | undefined;
  list(name: string): readonly string[];
  flag(name: string): boolean;
  /** A value that must be there. */
  needed(name: string): string;
}

/** The arguments of a command; undefined when help is asked for. */
export function parseCommand(name: string, words: readonly string[]): Arguments | undefined {
  const spec = commands[name] as CommandSpec;
  const options = Object.fromEntries(
    Object.entries(spec.options).map(([option, { kind, short }]) => [
      option,
      {
        type: kind === "flag" ? "boolean" : "string",
        ...(kind === "list" && { multiple: true }),
        ...(short && { short }),
      },
    ]),
  ) as NonNullable<Parameters<typeof parseArgs>[0]>["options"];
  let parsed;
  try {
    parsed = parseArgs({
      args: spelledOut(words, spec),
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
  } catch (error) {
    throw usageErrorOf(error, name, spec);
  }
  const { values, positionals } = parsed as { values: Record<string, unknown>; positionals: string[] };
  if (values["help"]) return undefined;
  if (positionals.length !== spec.operands.length) {
    const missing = spec.operands.slice(positionals.length);
    const [surplus] = positionals.slice(spec.operands.length);
    throw new UsageError(
      missing.length > 0 ? `${missing.join(" and ")} must be given` : `'${surplus}' was not expected`,
      `litequant ${spec.usage}`,
    );
  }
  return {
    operands: positionals,
    value: (option) => values[option] as string | undefined,
    list: (option) => (values[option] ?? []) as string[],
    flag: (option) => values[option] === true,
    needed(option) {
      const value = values[option] as string | undefined;
      if (value !== undefined && value.length > 0) return value;
      const short = spec.options[option]?.short;
      throw new UsageError(`${short ? `-${short}` : `--${option}`} must be given`, `litequant ${spec.usage}`);
    },
  };
}

/** `--list a b` as `--list=a --list=b`, and `--normalize -1,1` as `--normalize=-1,1`, which parseArgs understands. */
function spelledOut(words: readonly string[], spec: CommandSpec): string[] {
  const out: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const kind = word.startsWith("--") ? spec.options[word.slice(2)]?.kind : undefined;
    const next = words[at + 1];
    if (kind === "list" && next !== undefined && !next.startsWith("-")) {
      for (; at + 1 < words.length && !words[at + 1]?.startsWith("-"); at++) out.push(`${word}=${words[at + 1]}`);
    } else if (kind === "value" && next !== undefined && /^-[\d.]/.test(next)) {
      out.push(`${word}=${next}`);
      at++;
    } else {
      out.push(word);
    }
  }
  return out;
}

function usageErrorOf(error: unknown, name: string, spec: CommandSpec): Error {
  const { code, message } = error as { code?: string; message: string };
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const unknown = /'(-[^']*)'/.exec(message)?.[1] ?? "";
    const near = nearest(
      unknown,
      Object.keys(spec.options).map((option) => `--${option}`),
    );
    return new UsageError(
      `litequant ${name} has no option ${unknown}`,
      near ? `did you mean ${near}?` : `litequant ${name} --help lists them`,
    );
  }
  if (code?.startsWith("ERR_PARSE_ARGS_"))
    return new UsageError(message.split("\n")[0] ?? message, `litequant ${spec.usage}`);
  return error as Error;
}

/** The closest of the choices, if it is close at all. */
export function nearest(word: string, choices: readonly string[]): string | undefined {
  const ranked = choices
    .map((choice) => ({
      choice,
      distance: choice.startsWith(word) && word.length > 3 ? 1 : editDistance(word, choice),
    }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, word.length / 3) ? best.choice : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

export function helpText(name?: string): string {
  const spec = name === undefined ? undefined : commands[name];
  if (!spec) {
    const rows = Object.entries(commands).map(([command, { summary }]) => `  ${command.padEnd(12)}${summary}`);
    return [
      "usage: litequant COMMAND …",
      "",
      "Quantizes TensorFlow Lite models, runs them and compares them. Nothing leaves this machine.",
      "",
      ...rows,
      "",
      "litequant COMMAND --help tells more. Exit codes: 0 done, 1 failure, 2 usage, 3 model refused.",
    ].join("\n");
  }
  const rows = Object.entries(spec.options).map(([option, { short, value, help }]) => {
    const head = `  ${short ? `-${short}, ` : ""}--${option}${value ? ` ${value}` : ""}`;
    return head.length < 26 ? `${head.padEnd(28)}${wrapped(help)}` : `${head}\n${" ".repeat(28)}${wrapped(help)}`;
  });
  return [
    `usage: litequant ${spec.usage}`,
    "",
    `${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.`,
    "",
    ...rows,
  ].join("\n");
}

function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) as string;
    if (last.length + word.length > 66) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.join(`\n${" ".repeat(28)}`);
}
