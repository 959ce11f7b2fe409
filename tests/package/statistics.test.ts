import { calibrate, describeModes, load, parseStatistics, quantize } from "litequant";
import type { Statistics } from "litequant";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exampleSamples, failureOf, loadExample, root } from "./support";

test("any order and any split give the same statistics and the same bytes", async () => {
  const model = await loadExample();
  const samples = exampleSamples(7);
  const whole = await calibrate(model, samples);
  const reversed = await calibrate(model, [...samples].reverse());
  const parts: Statistics[] = [];
  for (const part of [samples.slice(5), samples.slice(0, 1), samples.slice(1, 5)]) {
    parts.push(await calibrate(model, part));
  }
  const [a, b, c] = parts as [Statistics, Statistics, Statistics];
  const merged = [await a.merge(b, c), await c.merge(a, b), await b.merge(await c.merge(a))];
  for (const one of [reversed, ...merged]) expect(JSON.stringify(one)).toBe(JSON.stringify(whole));
  const bytes = async (statistics: Statistics): Promise<Buffer> =>
    Buffer.from(await (await quantize(model, { mode: "int8" }, statistics)).save());
  expect((await bytes(merged[1] as Statistics)).equals(await bytes(whole))).toBe(true);
});

test("any number of engines gives the same statistics, and the error of the first bad sample", async () => {
  const model = await loadExample();
  const samples = exampleSamples(7);
  const whole = JSON.stringify(await calibrate(model, samples));
  for (const workers of [2, 3, 32]) {
    const done: number[] = [];
    const onProgress = (progress: { readonly done: number }): void => void done.push(progress.done);
    const spread = await calibrate(model, samples, { workers, onProgress });
    expect(JSON.stringify(spread)).toBe(whole);
    expect(done.at(-1)).toBe(7);
  }
  const bad = [...samples.slice(0, 3), [new Float32Array(1)], ...samples.slice(3, 5), [new Float32Array(2)]];
  const one = await failureOf(calibrate(model, bad));
  expect(one.message).toContain("sample 3");
  expect((await failureOf(calibrate(model, bad, { workers: 3 }))).message).toBe(one.message);
  for (const workers of [0, 1.5, 33]) {
    expect(await failureOf(calibrate(model, samples, { workers }))).toMatchObject({ code: "BAD_ARGUMENT" });
  }
});

test("are read back as they were written", async () => {
  const model = await loadExample();
  const statistics = await calibrate(model, exampleSamples(2), { isRealData: false });
  const text = JSON.stringify(statistics);
  const read = parseStatistics(text);
  expect(JSON.stringify(read)).toBe(text);
  expect(read).toMatchObject({ sampleCount: 2, isRealData: false });
  expect(parseStatistics(statistics.toJSON()).sampleCount).toBe(2);
  expect((await read.merge(statistics)).isRealData).toBe(false);
});

test.each([
  "",
  "7",
  "null",
  "{}",
  '{"litequant":"statistics"}',
  '{"litequant":"statistics","version":1,"graphs":[null]}',
  "<html>",
])("%j is no file of statistics", (text) => {
  expect(() => parseStatistics(text)).toThrow(expect.objectContaining({ code: "BAD_FILE" }) as Error);
});

test("hostile ranges are refused when used", async () => {
  const model = await loadExample();
  const good = JSON.parse(JSON.stringify(await calibrate(model, exampleSamples(1)))) as {
    graphs: { ranges: unknown[][] }[];
  };
  for (const change of [
    (ranges: unknown[][]) => void (ranges[0] as unknown[]).pop(),
    (ranges: unknown[][]) => void ((ranges[0] as unknown[])[0] = -1),
    (ranges: unknown[][]) => void ((ranges[0] as unknown[])[2] = "x"),
    (ranges: unknown[][]) => void ((ranges[0] as unknown[])[3] = 1e300),
  ]) {
    const bad = structuredClone(good);
    change(bad.graphs[0]?.ranges ?? []);
    const statistics = parseStatistics(JSON.stringify(bad));
    const error = await failureOf(quantize(model, { mode: "int8" }, statistics));
    expect(["BAD_FILE", "BAD_ARGUMENT"]).toContain(error["code"]);
  }
});

test("are of one model only, and end with dispose", async () => {
  const model = await loadExample();
  const statistics = await calibrate(model, exampleSamples(1));
  statistics.dispose();
  expect(await failureOf(quantize(model, { mode: "int8" }, statistics))).toMatchObject({ code: "DISPOSED" });
  expect(() => JSON.stringify(statistics)).toThrow(expect.objectContaining({ code: "DISPOSED" }) as Error);

  const other = join(root, "../shared/zoo/derived/resnet8_cifar10_float.tflite");
  if (!existsSync(other)) return console.log("not checked against another model: ../shared is not there");
  const foreign = await calibrate(await load(other), [[new Float32Array(32 * 32 * 3)]]);
  expect(await failureOf(quantize(model, { mode: "int8" }, foreign))).toMatchObject({ code: "BAD_ARGUMENT" });
});

test("states are carried along within a sequence, and make integers of a cell of one step", async () => {
  const model = await load(join(root, "tests/reference/vectors/svdf_f32_relu.tflite"));
  const { int8, dynamic, int16x8 } = await describeModes(model);
  expect(int8).toMatchObject({ possible: true, needsStatistics: true, needsSequences: true });
  expect([dynamic.needsSequences, int16x8.needsSequences]).toEqual([false, false]);
  const shape = model.describe().signatures[0]?.inputs[0]?.shape ?? [];
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const samples = Array.from({ length: 8 }, (_, index) => [
    Float32Array.from({ length: elements }, (_, i) => Math.sin((i + 1) * (index + 1) * 1.3)),
  ]);
  const alone = await calibrate(model, samples);
  await expect(failureOf(quantize(model, { mode: "int8-only" }, alone))).resolves.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("calibrate on sequences") as string,
  });
  const together = await calibrate(model, samples, { sequence: 4 });
  expect((await quantize(model, { mode: "int8" }, together)).leftInFloat).toEqual([]);
  await quantize(model, { mode: "int8-only" }, together);
  const whole = JSON.stringify(await calibrate(model, samples, { sequence: 8 }));
  expect(JSON.stringify(await calibrate(model, samples, { sequence: Infinity }))).toBe(whole);
  expect(JSON.stringify(together)).not.toBe(whole);
  // Sequences on several machines.
  const [first, second] = [samples.slice(0, 4), samples.slice(4)];
  const merged = await (
    await calibrate(model, second, { sequence: 4 })
  ).merge(await calibrate(model, first, { sequence: 4 }));
  expect(JSON.stringify(merged)).toBe(JSON.stringify(together));
  for (const sequence of [0, -1, 1.5, NaN]) {
    await expect(failureOf(calibrate(model, samples, { sequence }))).resolves.toMatchObject({ code: "BAD_ARGUMENT" });
  }
});
