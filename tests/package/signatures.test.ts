// Models of several signatures: how samples find theirs. The models lie in ../shared; without it there is nothing to run.
import { calibrate, compare, load, openDataset, quantize, writeArrays } from "litequant";
import type { Model, PortDescription, Sample, Tensor } from "litequant";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failureOf, litequant, loadExample, removeTemporaryFolders, root, temporaryFolder } from "./support";

const path = join(root, "../shared/zoo/models/small/two_signatures_float.tflite");
const describeIf = existsSync(path) ? describe : describe.skip;
if (!existsSync(path)) console.log("not run: ../shared is not there");
afterAll(removeTemporaryFolders);

const folder = temporaryFolder();
const file = join(folder, "samples.npz");

async function samplesOf(data: AsyncIterable<Sample>): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of data) out.push(sample);
  return out;
}

/** So many samples of an input, each different. */
function arrayOf({ shape }: PortDescription, count: number): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: count * size }, (_, i) => Math.sin(i + 1));
  return { type: "float32", shape: [count, ...shape], data };
}

describeIf("a model of two signatures", () => {
  let model: Model;
  beforeAll(async () => {
    model = await load(path);
  });

  const signatures = (): readonly [string, readonly PortDescription[]][] =>
    model.describe().signatures.map(({ key, inputs }) => [key, inputs]);
  const named = (count: number): Record<string, Tensor> =>
    Object.fromEntries(
      signatures().flatMap(([key, inputs]) => inputs.map((port) => [`${key}/${port.name}`, arrayOf(port, count)])),
    );

  test("is calibrated by one .npz", async () => {
    writeFileSync(file, await writeArrays(named(3)));
    const data = await openDataset(file, model);
    const keys = signatures().map(([key]) => key);
    expect(keys).toHaveLength(2);
    expect(data.names).toEqual(keys.flatMap((key) => [0, 1, 2].map((index) => `samples.npz[${key}/${index}]`)));
    const samples = (await samplesOf(data)) as [string, Record<string, unknown>][];
    expect(samples.map(([key]) => key)).toEqual(keys.flatMap((key) => [key, key, key]));
    const statistics = await calibrate(model, data);
    expect(statistics.sampleCount).toBe(6);
    const quantized = await quantize(model, { mode: "int8" }, statistics);
    const byPairs = await quantize(model, { mode: "int8" }, await calibrate(model, samples as Sample[]));
    expect(Buffer.from(await quantized.save()).equals(Buffer.from(await byPairs.save()))).toBe(true);

    const output = join(folder, "q.tflite");
    const ended = await litequant(["quantize", path, "-o", output, "--mode", "int8", "--calibrate", file]);
    expect(ended.code).toBe(0);
    const limited = await openDataset(file, model, { limit: 2 });
    expect(limited.length).toBe(4);
    const [key = ""] = keys;
    expect((await openDataset(file, model, { signature: key })).length).toBe(3);
  });

  test("is calibrated by random samples", async () => {
    const data = await openDataset("random:2", model);
    expect(data.length).toBe(4);
    expect(await quantize(model, { mode: "int8" }, await calibrate(model, data))).toBeDefined();
    const [key = ""] = signatures().map(([name]) => name);
    const one = await openDataset("random:2", model, { signature: key });
    expect(one.length).toBe(2);
    const error = await failureOf(quantize(model, { mode: "int8" }, await calibrate(model, one, { signature: key })));
    expect(error).toMatchObject({ code: "EMPTY_DATASET" });
    expect(error["message"]).toContain(signatures()[1]?.[0]);
    expect(await compare(model, model, one)).toMatchObject({ sampleCount: 2 });
    expect(await failureOf(compare(model, model, data))).toMatchObject({
      code: "BAD_ARGUMENT",
      hint: "compare one signature at a time",
    });
    expect((await litequant(["compare", path, path, "--data", "random:2"])).code).toBe(0);
  });

  test("names what an .npz lacks, and what it leaves open", async () => {
    const all = Object.entries(named(1));
    const [first = ["", {} as Tensor]] = all;
    const plain = first[0].slice(first[0].indexOf("/") + 1);
    const takers = signatures().filter(([, inputs]) => inputs.some(({ name }) => name === plain));
    writeFileSync(file, await writeArrays({ [plain]: first[1] }));
    if (takers.length > 1) {
      const error = await failureOf(openDataset(file, model));
      expect(error).toMatchObject({ code: "BAD_SAMPLE", hint: expect.stringContaining(first[0]) as string });
    }
    expect((await openDataset(file, model, { signature: takers[0]?.[0] ?? "" })).length).toBe(1);
    writeFileSync(file, await writeArrays({ "nothing/here": first[1] }));
    const error = await failureOf(openDataset(file, model));
    expect(error).toMatchObject({ code: "BAD_SAMPLE", hint: "its arrays are 'nothing/here'" });
    expect(error["message"]).toContain(first[0]);
  });
});

test("faults of a data set are told by file, sample, input and position", async () => {
  const model = await loadExample();
  const name = model.describe().signatures[0]?.inputs[0]?.name ?? "";
  const write = async (shape: number[], change: (data: Float32Array) => void = () => undefined): Promise<string> => {
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    change(data);
    writeFileSync(file, await writeArrays({ [name]: { type: "float32", shape, data } }));
    return file;
  };
  await write([3, 32, 32, 3], (data) => void (data[3072 * 2 + 96 + 4] = Infinity));
  const nonfinite = await failureOf(calibrate(model, await openDataset(file, model)));
  expect(nonfinite["code"]).toBe("BAD_SAMPLE");
  expect(nonfinite["message"]).toContain("at [0, 1, 1, 1]");
  expect(nonfinite["message"]).toContain("sample 2 is samples.npz[2]");
  await write([0, 32, 32, 3]);
  expect(await failureOf(openDataset(file, model))).toMatchObject({
    code: "EMPTY_DATASET",
    message: expect.stringContaining("shape [0, 32, 32, 3] holds no sample") as string,
  });
  await write([2, 3, 32, 32]);
  expect(await failureOf(openDataset(file, model))).toMatchObject({
    code: "SHAPE_MISMATCH",
    message: expect.stringContaining(name) as string,
  });
});
