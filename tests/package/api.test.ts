import {
  calibrate,
  compare,
  createSession,
  dequantize,
  describeModes,
  describeRecipe,
  engine,
  LiteQuantError,
  load,
  openDataset,
  quantize,
  shutdown,
} from "litequant";
import type { Mode, Model, Progress, Recipe, WorkOptions } from "litequant";
import { exampleBytes, exampleSample, exampleSamples, failureOf, loadExample } from "./support";

describe("load and describe", () => {
  test("takes bytes, buffers, blobs, addresses and paths alike", async () => {
    const bytes = exampleBytes();
    const address = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
    for (const source of [bytes, bytes.slice().buffer, new Blob([bytes as BlobPart]), new URL(address)]) {
      const model = await load(source);
      expect(model.byteLength).toBe(bytes.byteLength);
      model.dispose();
    }
    expect((await loadExample()).name).toBe("characters.tflite");
  });

  test("tells graphs, tensors, operators, signatures, sizes and modes", async () => {
    const model = await loadExample();
    const description = model.describe();
    expect(description.byteLength).toBe(model.byteLength);
    expect(description.isQuantized).toBe(false);
    const [graph] = description.graphs;
    expect(graph?.nodes.length).toBeGreaterThan(10);
    expect(description.operators.reduce((sum, { count }) => sum + count, 0)).toBe(graph?.nodes.length);
    const [signature] = description.signatures;
    expect(signature?.inputs).toMatchObject([{ type: "float32", shape: [1, 32, 32, 3] }]);
    expect(signature?.outputs).toMatchObject([{ type: "float32", shape: [1, 36] }]);
    const outlooks = await describeModes(model);
    for (const mode of ["int8", "int8-only", "float16", "int16x8", "int16x8-only"] as const) {
      expect(outlooks[mode]).toMatchObject({ possible: true, reason: "", float: [], unsupported: [] });
    }
    // Convolutions with few weights stay as they are.
    const { possible, needsStatistics, float } = outlooks.dynamic;
    expect({ possible, needsStatistics }).toEqual({ possible: true, needsStatistics: false });
    const small = (graph?.nodes ?? []).filter(({ operator, inputs }) => {
      const weights = graph?.tensors[inputs[1] ?? -1];
      return /CONV|FULLY/.test(operator) && (weights?.byteLength ?? 0) < 4096;
    });
    expect(small.length).toBeGreaterThan(0);
    expect(float.map(({ node }) => node)).toEqual(small.map(({ index }) => index));
    for (const { reason } of float) expect(reason).toMatch(/^its weights have \d+ elements, fewer than 1024$/);
    expect(description.constantBytes).toBeGreaterThan(4 * description.parameterCount - 8192);
  });

  test("is not disturbed by what happens to the caller's bytes", async () => {
    const bytes = exampleBytes();
    const model = await load(bytes);
    const first = await model.save();
    bytes.fill(0);
    shutdown();
    expect(Buffer.from(await model.save()).equals(Buffer.from(first))).toBe(true);
  });

  test.each([
    ["an HTML page", "<!DOCTYPE html><html></html>", "BAD_FILE"],
    ["nothing", "", "BAD_FILE"],
    ["a zip", "PK\u0003\u0004 and so on, and more", "BAD_FILE"],
  ])("says what %s is", async (_, text, code) => {
    const error = await failureOf(load(new TextEncoder().encode(text)));
    expect(error).toBeInstanceOf(LiteQuantError);
    expect(error["code"]).toBe(code);
    expect(String(error["message"]).length).toBeGreaterThan(10);
  });

  test("refuses what is no source", async () => {
    expect(await failureOf(load(7 as unknown as string))).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(await failureOf(load("/no/such/file.tflite"))).toMatchObject({
      code: "FILE_NOT_READ",
      message: expect.stringContaining("/no/such/file.tflite") as string,
    });
  });
});

describe("quantize", () => {
  test.each<Mode>(["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"])(
    "%s is smaller, runs and agrees",
    async (mode) => {
      const model = await loadExample();
      const samples = exampleSamples(6);
      const statistics = await calibrate(model, samples);
      const quantized = await quantize(model, { mode }, statistics);
      expect(quantized.byteLength).toBeLessThan(0.6 * model.byteLength);
      expect((await describeRecipe(model, { mode })).possible).toBe(true);
      const after = await describeModes(quantized);
      for (const done of mode.startsWith("int") ? (["int8", "int8-only", "int16x8", "int16x8-only"] as const) : []) {
        expect(after[done]).toMatchObject({
          possible: false,
          reason: "there is nothing to do: no float operator is left",
          float: [],
        });
      }
      if (mode === "float16") expect(after.float16).toMatchObject({ possible: false, float: [] });
      for (const { quantization, shape } of quantized.describe().graphs[0]?.tensors ?? []) {
        if (!quantization || quantization.scale.length === 1) continue;
        const { scale, zeroPoint, axis } = quantization;
        expect([scale.length, zeroPoint.length]).toEqual([shape[axis], shape[axis]]);
        expect(scale.every((one) => one > 0 && one === Math.fround(one))).toBe(true);
      }
      const again = await quantize(model, { mode }, statistics);
      expect(Buffer.from(await again.save()).equals(Buffer.from(await quantized.save()))).toBe(true);
      const report = await compare(model, quantized, samples, { labels: [0, 1, 2, 3, 4, 5] });
      expect(report.sampleCount).toBe(6);
      expect(report.bytes).toEqual([model.byteLength, quantized.byteLength]);
      expect(report.agreement).toBeGreaterThan(0.4);
      expect(report.predictions).toHaveLength(6);
      expect(report.predictions[0]?.classes[0]).toHaveLength(5);
      expect(report.top1?.[0]).toBeGreaterThanOrEqual(0);
      expect(report.outputs[0]?.sqnrDb).toBeGreaterThan(5);
      expect(report.tensors.length).toBeGreaterThan(5);
    },
  );

  test.each([
    ["int8", "int8"],
    ["uint8", "uint8"],
    ["int16", "int16"],
  ] as const)("integers only with %s in and out", async (io, type) => {
    const model = await loadExample();
    const statistics = await calibrate(model, exampleSamples(2));
    const mode = io === "int16" ? "int16x8-only" : "int8-only";
    const quantized = await quantize(model, { mode, io }, statistics);
    expect(quantized.describe().signatures[0]?.inputs[0]?.type).toBe(type);
    expect(quantized.describe().isQuantized).toBe(true);
  });

  test("int8-only names every operator that would stay float", async () => {
    const model = await loadExample();
    const statistics = await calibrate(model, exampleSamples(1));
    const keepFloat = [{ node: 1 }, { node: 2 }];
    const error = await failureOf(quantize(model, { mode: "int8-only", keepFloat }, statistics));
    expect(error["code"]).toBe("REFUSED");
    expect(error["message"]).toMatch(/operator 1 \(\w+\) of subgraph 0: .*operator 2 \(\w+\) of subgraph 0: /s);
  });

  test("operators are selected by number, place, kind and result", async () => {
    const model = await loadExample();
    const statistics = await calibrate(model, exampleSamples(1));
    const graph = model.describe().graphs[0];
    const last = graph?.nodes.findLast(({ operator }) => operator === "FULLY_CONNECTED");
    const result = graph?.tensors[last?.outputs[0] ?? -1]?.name ?? "";
    const node = last?.index ?? -1;
    const bytes = [];
    for (const selector of [node, { node }, { graph: 0, node }, String(node), `0:${node}`, result, "FULLY_CONNECTED"]) {
      const recipe = { mode: "int8", keepFloat: [selector] } as const;
      expect((await describeRecipe(model, recipe)).float).toEqual([
        { graph: 0, node, operator: "FULLY_CONNECTED", reason: "the recipe keeps it in float" },
      ]);
      bytes.push(Buffer.from(await (await quantize(model, recipe, statistics)).save()).toString("base64"));
    }
    expect(new Set(bytes).size).toBe(1);
    const every = await describeRecipe(model, { mode: "int8", keepFloat: ["*"] });
    expect(every).toMatchObject({ possible: false, reason: "no operator can compute in integers" });
    expect(every.float).toHaveLength(graph?.nodes.length ?? 0);
    const first = await quantize(model, { mode: "int8", keepInt16: ["0"] }, statistics);
    expect(first.describe().graphs[0]?.tensors.some(({ type }) => type === "int16")).toBe(true);
  });

  test.each([
    [{ keepFloat: ["nonsense"] }, "nonsense"],
    [{ keepFloat: [999] }, "no operator 999"],
    [{ keepFloat: [-1] }, "keepFloat holds -1"],
    [{ keepFloat: [{ node: "1" }] }, "keepFloat holds"],
    [{ keepFloat: "SOFTMAX" }, "keepFloat is not a list"],
    [{ keepInt16: [null] }, "keepInt16 holds null"],
    [{ target: "phone" }, 'target is "phone"'],
    [{ weights: "per-row" }, "weights is"],
    [{ io: "int16" }, "cannot have inputs and outputs of type INT16"],
    [{ minimumElements: 1.5 }, "minimumElements is 1.5"],
    [{ symmetricActivations: 1 }, "symmetricActivations is 1"],
    [{ target: "gpu" }, "target gpu cannot take mode int8"],
    [{ target: "edgetpu" }, "target edgetpu cannot take mode int8"],
    [{ mode: "dynamic", target: "micro" }, "target micro cannot take mode dynamic"],
    [{ mode: "int16x8", target: "tflite-old" }, "target tflite-old cannot take mode int16x8"],
    [{ mode: "dynamic", keepInt16: [0] }, "cannot keep single operators in int16"],
  ])("%j is refused", async (fields, message) => {
    const recipe = { mode: "int8", ...fields } as Recipe;
    const error = await failureOf(describeRecipe(await loadExample(), recipe));
    expect(error).toMatchObject({ code: "BAD_ARGUMENT", message: expect.stringContaining(message) as string });
  });

  test("refuses recipes that are none", async () => {
    const model = await loadExample();
    expect(await failureOf(quantize(model, { mode: "int9" as Mode }))).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(await failureOf(quantize(model, { mode: "int8" }))).toMatchObject({ code: "EMPTY_DATASET" });
    expect(await failureOf(quantize({} as never, { mode: "int8" }))).toMatchObject({ code: "BAD_ARGUMENT" });
  });
});

describe("dequantize", () => {
  test.each<Mode>(["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"])(
    "what %s made is float again and can be quantized again",
    async (mode) => {
      const model = await loadExample();
      const samples = exampleSamples(4);
      const quantized = await quantize(model, { mode }, await calibrate(model, samples));
      const floats = await dequantize(quantized);
      const description = floats.describe();
      expect(description.isQuantized).toBe(false);
      const types = new Set(description.graphs[0]?.tensors.map(({ type }) => type));
      expect([...types].filter((type) => type !== "int32")).toEqual(["float32"]);
      expect(description.operators).toEqual(model.describe().operators);
      const [ours] = description.signatures;
      const [original] = model.describe().signatures;
      for (const side of ["inputs", "outputs"] as const) {
        const ports = (ours?.[side] ?? []).map(({ name, type, shape }) => ({ name, type, shape }));
        expect(ports).toEqual((original?.[side] ?? []).map(({ name, type, shape }) => ({ name, type, shape })));
      }
      // Only the weights are rounded.
      const report = await compare(model, floats, samples);
      expect(report.outputs[0]?.sqnrDb).toBeGreaterThan(25);
      const again = await quantize(floats, { mode: "int8-only" }, await calibrate(floats, samples));
      expect((await compare(model, again, samples)).outputs[0]?.sqnrDb).toBeGreaterThan(5);
    },
  );

  test("the weight-only form computes in float, and comes back", async () => {
    const model = await loadExample();
    const recipe = { mode: "dynamic", weightsOnly: true } as const;
    const small = await quantize(model, recipe);
    expect(small.byteLength).toBeLessThan(0.5 * model.byteLength);
    const graph = small.describe().graphs[0];
    const count = (operator: string): number => graph?.nodes.filter((node) => node.operator === operator).length ?? 0;
    const weighted =
      model.describe().graphs[0]?.nodes.filter(({ operator }) => /CONV|FULLY/.test(operator)).length ?? 0;
    const { float } = await describeRecipe(model, recipe);
    expect(count("DEQUANTIZE")).toBe(weighted - float.length);
    // Every operator but DEQUANTIZE reads floats.
    for (const { operator, inputs } of graph?.nodes ?? []) {
      const types = inputs.filter((tensor) => tensor >= 0).map((tensor) => graph?.tensors[tensor]?.type);
      if (operator === "DEQUANTIZE") expect(types).toEqual(["int8"]);
      else expect(types).not.toContain("int8");
    }
    const samples = exampleSamples(4);
    const floats = await dequantize(small);
    expect(floats.describe().operators).toEqual(model.describe().operators);
    expect((await compare(small, floats, samples)).outputs[0]?.sqnrDb ?? Infinity).toBeGreaterThan(90);
    const hybrid = await quantize(model, { mode: "dynamic" });
    const sqnr = async (other: Model): Promise<number> =>
      (await compare(model, other, samples)).outputs[0]?.sqnrDb ?? 0;
    expect(await sqnr(small)).toBeGreaterThan(await sqnr(hybrid));
    const error = await failureOf(quantize(model, { mode: "float16", weightsOnly: true }));
    expect(error).toMatchObject({ code: "BAD_ARGUMENT", hint: "mode dynamic has" });
  });

  test("a float model is refused", async () => {
    expect(await failureOf(dequantize(await loadExample()))).toMatchObject({ code: "REFUSED" });
  });
});

describe("sessions", () => {
  test("take arrays by name or in order, and give copies", async () => {
    const model = await loadExample();
    const session = await createSession(model);
    const [input, output] = [session.inputs[0]?.name ?? "", session.outputs[0]?.name ?? ""];
    const byName = (await session.run({ [input]: exampleSample(0) }))[output];
    const inOrder = (await session.run([exampleSample(0)]))[output];
    const signature = model.describe().signatures[0]?.key ?? "";
    const bySignature = (await session.run([signature, { [input]: exampleSample(0) }]))[output];
    expect(byName?.shape).toEqual([1, 36]);
    expect(inOrder).toEqual(byName);
    expect(bySignature).toEqual(byName);
    const sum = Array.from(byName?.data as Float32Array).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 4);
    await session.run([exampleSample(5)]);
    expect(inOrder).toEqual(byName);
  });

  test("reference kernels and optimized ones agree", async () => {
    const model = await loadExample();
    const statistics = await calibrate(model, exampleSamples(3));
    const quantized = await quantize(model, { mode: "int8-only" }, statistics);
    const zero = Int8Array.from({ length: 32 * 32 * 3 }, (_, i) => ((i * 89) % 256) - 128);
    const results = [];
    for (const kernels of ["optimized", "reference"] as const) {
      const session = await createSession(quantized, { kernels });
      results.push(Object.values(await session.run([zero])));
    }
    expect(results[0]).toEqual(results[1]);
  });

  test("can be timed", async () => {
    const session = await createSession(await loadExample());
    await session.run([exampleSample(0)]);
    const { medianMs, minMs, runs } = await session.measure({ repeat: 3 });
    expect(runs).toBe(3);
    expect(minMs).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThanOrEqual(minMs);
  });

  test("can be timed node by node", async () => {
    const model = await loadExample();
    const session = await createSession(model);
    await session.run([exampleSample(0)]);
    const steps = await session.profile({ repeat: 3 });
    const { nodes } = model.describe().graphs[0]!;
    const order = steps.map(({ node }) => node);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    const convolution = steps.find(({ node }) => nodes[node]?.operator === "CONV_2D");
    expect(convolution?.operations).toBeGreaterThan(0);
    expect(steps.reduce((sum, { ms }) => sum + ms, 0)).toBeGreaterThan(0);
    await expect(session.profile({ repeat: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  test.each([
    ["too few elements", [new Float32Array(5)], "SHAPE_MISMATCH"],
    ["another type", [new Int8Array(3072)], "SHAPE_MISMATCH"],
    ["too many arrays", [new Float32Array(3072), new Float32Array(3072)], "BAD_SAMPLE"],
    ["a name that is none", { nonsense: new Float32Array(3072) }, "BAD_SAMPLE"],
    ["nothing", {}, "BAD_SAMPLE"],
    ["null", null as never, "BAD_SAMPLE"],
    ["a shape that does not hold them", [{ data: new Float32Array(3072), shape: [1, 32, 32, 4] }], "SHAPE_MISMATCH"],
    ["a signature that is none", ["nonsense", {}] as never, "BAD_ARGUMENT"],
  ])("refuse %s", async (_, sample, code) => {
    const session = await createSession(await loadExample());
    expect(await failureOf(session.run(sample as never))).toMatchObject({ code });
  });
});

describe("handles", () => {
  test("end once, and say so afterwards", async () => {
    const model = await loadExample();
    const session = await createSession(model);
    session.dispose();
    session[Symbol.dispose]();
    expect(await failureOf(session.run([exampleSample(0)]))).toMatchObject({ code: "DISPOSED" });
    model.dispose();
    model.dispose();
    expect(() => model.describe()).toThrow(LiteQuantError);
    expect(await failureOf(model.save())).toMatchObject({ code: "DISPOSED" });
    expect(await failureOf(createSession(model))).toMatchObject({ code: "DISPOSED" });
  });

  test("memory is used again after dispose", async () => {
    const cycle = async (): Promise<void> => {
      const model = await loadExample();
      const small = await quantize(model, { mode: "dynamic" });
      const session = await createSession(small);
      await session.run([exampleSample(1)]);
      for (const handle of [session, small, model]) handle.dispose();
    };
    for (let i = 0; i < 3; i++) await cycle();
    const { memoryBytes } = await engine();
    for (let i = 0; i < 40; i++) await cycle();
    expect((await engine()).memoryBytes).toBe(memoryBytes);
  });

  test("models and sessions survive the end of the engine", async () => {
    const model = await loadExample();
    const session = await createSession(model);
    const before = await session.run([exampleSample(2)]);
    shutdown();
    expect(await session.run([exampleSample(2)])).toEqual(before);
  });
});

describe("long work", () => {
  test("says how far it is, at least ten times a second", async () => {
    const model = await loadExample();
    const seen: { at: number; progress: Progress }[] = [];
    await calibrate(model, exampleSamples(60), {
      onProgress: (progress) => void seen.push({ at: performance.now(), progress }),
    });
    expect(seen[0]?.progress).toMatchObject({ phase: "calibrate", done: 0, total: 60 });
    expect(seen.at(-1)?.progress).toMatchObject({ done: 60, total: 60 });
    const gaps = seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? at));
    expect(Math.max(...gaps)).toBeLessThan(500); // 100 ms on a machine that does nothing else
  });

  test("aborts soon, and the next call works", async () => {
    const model = await loadExample();
    async function* endless(): AsyncGenerator<Float32Array[]> {
      for (let i = 0; ; i++) yield await Promise.resolve([exampleSample(i)]);
    }
    const controller = new AbortController();
    const reason = new Error("enough");
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = performance.now();
      controller.abort(reason);
    }, 100);
    const error = await failureOf(calibrate(model, endless(), { signal: controller.signal }));
    expect(performance.now() - abortedAt).toBeLessThan(1000); // 300 ms on a machine that does nothing else
    expect(error).toBe(reason);
    expect((await calibrate(model, exampleSamples(1))).sampleCount).toBe(1);
  });

  test("aborts while a sample is still being read, which is then looked at no more", async () => {
    const model = await loadExample();
    let deliver = (): void => undefined;
    let closed = 0;
    async function* late(): AsyncGenerator<Float32Array[]> {
      try {
        yield [exampleSample(0)];
        await new Promise<void>((resolve) => (deliver = resolve));
        yield [exampleSample(1)];
      } finally {
        ++closed;
      }
    }
    const works = [
      (options: WorkOptions) => calibrate(model, late(), options),
      (options: WorkOptions) => compare(model, model, late(), options),
    ];
    for (const work of works) {
      const before = closed;
      const controller = new AbortController();
      const done: number[] = [];
      const onProgress = ({ done: count }: Progress): void => {
        done.push(count);
        if (count === 1) controller.abort();
      };
      const error = await failureOf(work({ signal: controller.signal, onProgress }));
      expect(error).toBe(controller.signal.reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
      deliver();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(closed).toBe(before + 1);
      expect(Math.max(...done)).toBe(1);
    }
    expect((await calibrate(model, exampleSamples(1))).sampleCount).toBe(1);
  });

  test("does not begin when aborted before", async () => {
    const model = await loadExample();
    const signal = AbortSignal.abort();
    expect(await failureOf(calibrate(model, exampleSamples(1), { signal }))).toBe(signal.reason);
    expect(await failureOf(quantize(model, { mode: "float16" }, undefined, { signal }))).toBe(signal.reason);
    expect(await failureOf(load(exampleBytes(), { signal }))).toBe(signal.reason);
  });

  test("refuses bad samples by number and place", async () => {
    const model = await loadExample();
    const bad = exampleSample(0);
    bad[7] = NaN;
    const error = await failureOf(calibrate(model, [[exampleSample(1)], [bad]]));
    expect(error).toMatchObject({ code: "BAD_SAMPLE", message: expect.stringContaining("sample 1") as string });
    expect(error["message"]).toContain("at [0, 0, 2, 1]");
    expect(error["tensor"]).toBe(model.describe().graphs[0]?.tensors[model.describe().graphs[0]?.inputs[0] ?? 0]?.name);
    expect(await failureOf(calibrate(model, []))).toMatchObject({ code: "EMPTY_DATASET" });
    expect(await failureOf(calibrate(model, 5 as never))).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(await failureOf(compare(model, model, exampleSamples(2), { labels: [1] }))).toMatchObject({
      code: "BAD_ARGUMENT",
    });
  });

  test("two at a time give what they give alone", async () => {
    const model = await loadExample();
    const work = (): Promise<Uint8Array> =>
      calibrate(model, exampleSamples(4))
        .then((statistics) => quantize(model, { mode: "int8" }, statistics))
        .then((quantized) => quantized.save());
    const alone = await work();
    for (const together of await Promise.all([work(), work()])) {
      expect(Buffer.from(together).equals(Buffer.from(alone))).toBe(true);
    }
  });
});

test("random samples are marked", async () => {
  const model = await loadExample();
  const data = await openDataset("random:3", model);
  expect(data).toMatchObject({ length: 3, isRealData: false });
  const statistics = await calibrate(model, data);
  expect(statistics).toMatchObject({ sampleCount: 3, isRealData: false });
  expect((await compare(model, model, data)).isRealData).toBe(false);
});
