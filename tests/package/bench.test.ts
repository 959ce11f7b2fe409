// The bench's own arithmetic: order of rounds, ratios, differences, tables. No time is judged.
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { root, runNode } from "./support";

const figures = pathToFileURL(join(root, ".scripts/bench/figures.mjs")).href;

/** The value of an expression over the functions of figures.mjs and `given`. */
async function value(expression: string, given: unknown = null): Promise<unknown> {
  const text = `import * as f from ${JSON.stringify(figures)};
    const given = ${JSON.stringify(given)};
    console.log(JSON.stringify(${expression}));`;
  const ended = await runNode(["--input-type=module", "-e", text]);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(ended.stdout) as unknown;
}

const cell = (runtime: string, mode = "int8"): Record<string, string> => ({
  runtime,
  place: "node",
  model: "m",
  mode,
});

test("every cell runs once a round, and no runtime always follows the same other", async () => {
  const order = (await value("f.schedule(['a', 'b', 'c'], 3)")) as { round: number; cell: string }[];
  expect(order.map(({ round, cell: name }) => `${round}${name}`)).toEqual([
    ...["0a", "0b", "0c"],
    ...["1c", "1b", "1a"],
    ...["2a", "2b", "2c"],
  ]);
});

test("a row is the least of its rounds, the middle of their medians, and its ratios to the baseline", async () => {
  const given = {
    cells: [cell("ours"), cell("theirs"), cell("ours", "float")],
    rounds: [
      { cell: "ours@node/m/int8", bestMs: 3, medianMs: 9, startMs: 50, output: [1, 2] },
      { cell: "ours@node/m/int8", bestMs: 2, medianMs: 5, startMs: 40, output: [1, 2] },
      { cell: "ours@node/m/int8", error: "no answer" },
      { cell: "theirs@node/m/int8", bestMs: 4, medianMs: 14, startMs: 80, output: [1, 4] },
      { cell: "ours@node/m/float", bestMs: 7, medianMs: 8, startMs: 60, output: [1] },
    ],
  };
  const rows = await value("f.summary(given.cells, given.rounds, 'theirs@node')", given);
  expect(rows).toMatchObject([
    { rounds: 2, bestMs: 2, medianMs: 7, startMs: 40, ratioBest: 0.5, ratioMedian: 0.5, difference: { relative: 0.5 } },
    { rounds: 1, bestMs: 4, ratioBest: 1, ratioMedian: 1, difference: { relative: 0 } },
    { rounds: 1, bestMs: 7 },
  ]);
  expect((rows as object[])[2]).not.toHaveProperty("ratioBest");
});

test("a cell that never ran has its reason and no figures; nothing is compared with it", async () => {
  const given = {
    cells: [cell("ours"), cell("theirs")],
    rounds: [
      { cell: "ours@node/m/int8", bestMs: 3, medianMs: 9 },
      { cell: "theirs@node/m/int8", error: "out of memory" },
    ],
  };
  const [ours, theirs] = (await value("f.summary(given.cells, given.rounds, 'theirs@node')", given)) as object[];
  expect(theirs).toEqual({ ...cell("theirs"), rounds: 0, error: "out of memory" });
  expect(ours).not.toHaveProperty("ratioBest");
});

test("outputs differ in parts of the largest, and in steps where there are few values", async () => {
  const of = async (a: number[], b: number[]): Promise<unknown> =>
    await value("f.difference(...given) ?? null", [a, b]);
  expect(await of([0, 0.5, 1], [0, 0.25, 1])).toEqual({ relative: 0.25, steps: 1 });
  expect(await of([-4, 2], [-4, 2])).toEqual({ relative: 0, steps: 0 });
  expect(await of([1], [1, 2])).toBeNull();
  expect(await of([], [])).toBeNull();
  const many = Array.from({ length: 300 }, (_, index) => index + 1);
  expect(await of(many.with(299, 303), many)).toEqual({ relative: 0.01 });
});

test("the middle of an even number of values lies between two", async () => {
  expect(await value("[f.median([10, 9, 1]), f.median([4, 1, 3, 10])]")).toEqual([9, 3.5]);
});

test("the best round is the least of those that did not fail", async () => {
  const rounds = [{ s: 3 }, { error: "no answer" }, { s: 2, note: "b" }, { s: 4 }];
  expect(await value("f.leastOf(given, 's')", rounds)).toEqual({ s: 2, note: "b" });
  expect(await value("f.leastOf([given[1]], 's') ?? null", rounds)).toBeNull();
});

test("steps of a kind add up; only what multiplies has a rate", async () => {
  const steps = [
    { operator: "CONV_2D", ms: 1, operations: 20e6 },
    { operator: "ADD", ms: 2, operations: 0 },
    { operator: "CONV_2D", ms: 5, operations: 40e6 },
  ];
  const kinds = await value("f.grouped(given, (step) => step.operator)", steps);
  expect(kinds).toEqual([
    { kind: "CONV_2D", count: 2, ms: 6, operations: 60e6, share: 0.75 },
    { kind: "ADD", count: 1, ms: 2, operations: 0, share: 0.25 },
  ]);
  expect(await value("given.map((kind) => f.rate(kind) ?? null)", kinds)).toEqual([10, null]);
});

test("each type has the best of the instructions that its kernels may use", async () => {
  const peaks = [
    { of: "int16", rate: 30 },
    { of: "int8", isRelaxed: true, rate: 90, bytes: "unsigned" },
    { of: "int7", isRelaxed: true, rate: 45 },
    { of: "float32", rate: 17 },
    { of: "float32", isRelaxed: true, rate: 20 },
  ];
  const cells = "['int8', 'int16', 'float32', 'int64'].map((type) => f.peakFor(type, variant, given) ?? null)";
  const of = async (variant: string, given: readonly object[] = peaks): Promise<unknown> =>
    await value(cells.replace("variant", `'${variant}'`), given);
  expect(await of("simd")).toEqual([30, 30, 17, null]);
  expect(await of("relaxed")).toEqual([90, 30, 20, null]);
  // As SSSE3 has it: faster, but not exact, so never used.
  const saturated = peaks.map((peak) => ("bytes" in peak ? { ...peak, bytes: "saturated" } : peak));
  expect(await of("relaxed", saturated)).toEqual([30, 30, 20, null]);
});

test("a node computes in bytes where its weights are bytes", async () => {
  const tensor = (type: string): object => ({ type, shape: [1] });
  const node = (...types: string[]): object => ({ inputs: types.map(tensor), outputs: [tensor("float32")] });
  const given = [node("uint8", "uint8"), node("float32", "int8"), node("float32", "float32"), node("int16", "int8")];
  expect(await value("given.map(f.typeOf)", given)).toEqual(["int8", "int8", "float32", "int16"]);
  // TRANSPOSE_CONV begins with the shape of its result.
  const transposed = { inputs: ["int32", "int8", "int8"].map(tensor), outputs: [tensor("int8")] };
  expect(await value("f.typeOf(given)", transposed)).toBe("int8");
});

test("every module of the peak is what it says: the sum of what its instructions multiply", async () => {
  const peak = pathToFileURL(join(root, "tests/bench/peak.mjs")).href;
  const text = `import { instructions, moduleOf, operationsOf } from ${JSON.stringify(peak)};
    const found = instructions.filter((one) => WebAssembly.validate(moduleOf(one))).map((one) => {
      const { m, run } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(one))).exports;
      new (one.of === "int16" ? Int16Array : Int8Array)(m.buffer).fill(3);
      return { of: one.of, products: run(2) / 9, operations: operationsOf(one) };
    });
    console.log(JSON.stringify(found));`;
  const isNode20 = process.versions.node.startsWith("20.");
  const flags = isNode20 ? ["--experimental-wasm-relaxed-simd"] : [];
  const ended = await runNode([...flags, "--input-type=module", "-e", text]);
  const found = JSON.parse(ended.stdout) as { of: string; products: number; operations: number }[];
  expect(found.map(({ of }) => of)).toEqual(["int16", "int8", "int7", "float32", "float32"]);
  for (const { of, products, operations } of found) {
    // Node 20's baseline compiler forgets the accumulator; the module adds floats' lanes as integers.
    if ((of === "int8" && isNode20) || of === "float32") continue;
    expect(products).toBe((2 * operations) / 4); // in two turns, of four lanes one
  }
});

test("a table has a line per row, and no cell breaks it", async () => {
  const columns =
    "[{ title: 'name', text: (row) => row.name, isText: true }, { title: 'ms', text: (row) => f.fixed(row.ms) }]";
  const given = [{ name: "a|b", ms: 1.005 }, { name: "c" }];
  expect(await value(`f.table(${columns}, given)`, given)).toBe("| name | ms |\n|---|--:|\n| a b | 1.00 |\n| c |  |");
});
