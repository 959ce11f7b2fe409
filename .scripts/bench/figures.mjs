// The arithmetic of the bench's tables; no time is taken here.

export const nameOf = ({ runtime, place, model, mode }) => `${runtime}@${place}/${model}/${mode}`;

/** Every cell once a round; every other round backwards, so that a machine that slows down favours none. */
export const schedule = (cells, rounds) =>
  Array.from({ length: rounds }, (_, round) => {
    const order = round % 2 === 0 ? cells : cells.toReversed();
    return order.map((cell) => ({ round, cell }));
  }).flat();

/** The middle value; of an even number, the mean of the middle two. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * How far one output is from another: `relative`, the largest difference in parts of the other's largest magnitude, and
 * where the other has few enough values to be of 8 bits, `steps`, the same in the smallest distance of its values.
 * Undefined where they cannot be compared.
 */
export function difference(output, other) {
  if (!output || output.length === 0 || output.length !== other?.length) return undefined;
  const apart = output.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index])), 0);
  const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const found = { relative: apart === 0 ? 0 : apart / (largest || 1) };
  const values = [...new Set(other)].sort((a, b) => a - b);
  if (values.length < 2 || values.length > 256) return found;
  const step = values.slice(1).reduce((least, value, index) => Math.min(least, value - values[index]), Infinity);
  return { ...found, steps: Math.round(apart / step) };
}

/** The round with the least of a figure, of those that did not fail. */
export const leastOf = (rounds, figure) =>
  rounds.filter(({ error }) => error === undefined).toSorted((a, b) => a[figure] - b[figure])[0];

/** Least values of all rounds: other work on the machine only ever adds. */
const least = ["bestMs", "startMs", "firstMs", "wasmBytes", "peakBytes"];
const kept = ["note", "output"];

/**
 * A row of each cell from its rounds, with its ratios to the cell of the same model and mode that `baseline`
 * (runtime@place) names. Rounds that failed count only where all of a cell's did.
 */
export function summary(cells, rounds, baseline) {
  const rows = cells.map((cell) => {
    const own = rounds.filter((round) => round.cell === nameOf(cell));
    const good = own.filter((round) => round.error === undefined);
    if (good.length === 0) return { ...cell, rounds: 0, error: own[0]?.error ?? "did not run" };
    const row = { ...cell, rounds: good.length, medianMs: median(good.map((round) => round.medianMs)) };
    for (const name of least) {
      const values = good.map((round) => round[name]).filter((value) => value !== undefined);
      if (values.length > 0) row[name] = Math.min(...values);
    }
    for (const name of kept) row[name] = good[0][name];
    return row;
  });
  for (const row of rows) {
    const base = rows.find(({ runtime, place, model, mode, error }) => {
      return !error && `${runtime}@${place}` === baseline && model === row.model && mode === row.mode;
    });
    if (row.error || !base) continue;
    row.ratioBest = row.bestMs / base.bestMs;
    row.ratioMedian = row.medianMs / base.medianMs;
    row.difference = difference(row.output, base.output);
  }
  return rows;
}

/** Profiled steps of one kind together, the longest first: {kind, count, ms, operations, share}. */
export function grouped(steps, kindOf) {
  const kinds = new Map();
  for (const step of steps) {
    const kind = kindOf(step);
    const sum = kinds.get(kind) ?? { kind, count: 0, ms: 0, operations: 0 };
    kinds.set(kind, {
      kind,
      count: sum.count + 1,
      ms: sum.ms + step.ms,
      operations: sum.operations + step.operations,
    });
  }
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  return [...kinds.values()].map((kind) => ({ ...kind, share: kind.ms / total })).sort((a, b) => b.ms - a.ms);
}

/** Multiply-accumulates per second, in thousands of millions; undefined where there are none. */
export const rate = ({ operations, ms }) => (operations > 0 && ms > 0 ? operations / ms / 1e6 : undefined);

/** What a node computes with: the type of its weights where they are bytes, else of its values. */
export function typeOf({ inputs, outputs }) {
  const of = (tensor) => ({ uint8: "int8" })[tensor?.type] ?? tensor?.type ?? "";
  // The first input of some is a shape.
  const [values, weights] = [of(of(inputs[0]) === "int32" ? outputs[0] : (inputs[0] ?? outputs[0])), of(inputs[1])];
  if (values !== "float32") return values;
  return weights === "int8" ? "int8" : values;
}

const textOf = (tensor) => (tensor ? `${tensor.type}[${tensor.shape}]` : "-");

export const operandsOf = ({ inputs, outputs }) =>
  `${inputs.slice(0, 2).map(textOf).join(" ")} → ${outputs.map(textOf).join(" ")}`;

/**
 * What kernels of a type can reach: of bytes the dot product of bytes where the build has it and it is exact, else that of
 * 16 bits; of floats the better of two instructions and one, where the build has it.
 */
export function peakFor(type, variant, peaks) {
  const usable = peaks.filter(({ isRelaxed, of, bytes }) => {
    if (isRelaxed && variant !== "relaxed") return false;
    if (type === "float32") return of === "float32";
    if (type === "int8") return of === "int16" || (of === "int8" && bytes !== "saturated");
    return type === "int16" && of === "int16";
  });
  return usable.length > 0 ? Math.max(...usable.map(({ rate: most }) => most)) : undefined;
}

export const fixed = (value, digits = 2) => (!Number.isFinite(value) ? "" : value.toFixed(digits));
export const percent = (share) => (share === undefined ? "" : `${(100 * share).toFixed(0)} %`);
export const megabytes = (bytes) => (!Number.isFinite(bytes) ? "" : (bytes / 1e6).toFixed(1));

/** A table of markdown. Columns: {title, text: (row) => string, isText}; those without `isText` are set right. */
export function table(columns, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell ?? "").replaceAll("|", " ")).join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ isText }) => (isText ? "---|" : "--:|")).join("")}`,
    ...rows.map((row) => line(columns.map(({ text }) => text(row)))),
  ].join("\n");
}
