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
  const least = await value("f.leastOf([given, given.map((step) => ({ ...step, ms: 3 }))]).map(({ ms }) => ms)", steps);
  expect(least).toEqual([1, 2, 3]);
});

test("a table has a line per row, and no cell breaks it", async () => {
  const columns =
    "[{ title: 'name', text: (row) => row.name, isText: true }, { title: 'ms', text: (row) => f.fixed(row.ms) }]";
  const given = [{ name: "a|b", ms: 1.005 }, { name: "c" }];
  expect(await value(`f.table(${columns}, given)`, given)).toBe("| name | ms |\n|---|--:|\n| a b | 1.00 |\n| c |  |");
});
