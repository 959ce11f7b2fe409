import { calibrate, describeModes, load, openDataset, quantize, readArrays, writeArrays } from "litequant";
import type { Tensor } from "litequant";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  exampleSample,
  examplePath,
  litequant,
  loadExample,
  removeTemporaryFolders,
  root,
  temporaryFolder,
} from "./support";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const sampleFile = at("samples.npz");
const labelsFile = at("labels.txt");
const count = 5;
const floats = (shape: number[]): Tensor => ({
  type: "float32",
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});
const integers = { type: "int8", data: new Int8Array(32 * 32 * 3) } as const;
let input = "";
let output = "";

beforeAll(async () => {
  const [signature] = (await loadExample()).describe().signatures;
  input = signature?.inputs[0]?.name ?? "";
  output = signature?.outputs[0]?.name ?? "";
  const data = Float32Array.from(Array.from({ length: count }, (_, i) => [...exampleSample(i)]).flat());
  writeFileSync(sampleFile, await writeArrays({ [input]: { type: "float32", shape: [count, 32, 32, 3], data } }));
  writeFileSync(labelsFile, "0\n1\n2\n3\n4\n");
  const single: Record<string, { type: "float32"; shape: number[]; data: Float32Array }> = {
    [input]: { type: "float32", shape: [1, 32, 32, 3], data: exampleSample(0) },
  };
  writeFileSync(at("one.npz"), await writeArrays(single));
});
afterAll(removeTemporaryFolders);

describe("quantize", () => {
  const modes = ["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"];
  test.each(modes)("%s: the same command gives the same bytes", async (mode) => {
    const calibration = mode.startsWith("int") ? ["--calibrate", sampleFile] : [];
    for (const name of ["a.tflite", "b.tflite"]) {
      const ended = await litequant(["quantize", examplePath, "-o", at(name), "--mode", mode, ...calibration]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(ended.stdout).toContain("times smaller");
    }
    expect(readFileSync(at("a.tflite")).equals(readFileSync(at("b.tflite")))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("gives what the package gives", async () => {
    const line = ["quantize", examplePath, "-o", at("c.tflite"), "--mode", "int8-only", "--io", "uint8", "--json"];
    const ended = await litequant([...line, "--calibrate", sampleFile, "--samples", "3"]);
    expect(ended.code).toBe(0);
    const model = await loadExample();
    const data = await openDataset(sampleFile, model, { limit: 3 });
    const quantized = await quantize(model, { mode: "int8-only", io: "uint8" }, await calibrate(model, data));
    const bytes = await quantized.save();
    expect(readFileSync(at("c.tflite")).equals(Buffer.from(bytes))).toBe(true);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      mode: "int8-only",
      io: "uint8",
      bytes: [model.byteLength, bytes.byteLength],
      samples: 3,
      isRealData: true,
      float: [],
    });
  });

  test("options of the recipe reach the model", async () => {
    const model = await loadExample();
    const statistics = await calibrate(model, await openDataset(sampleFile, model));
    const [softmax] = (model.describe().graphs[0]?.nodes ?? []).filter(({ operator }) => operator === "SOFTMAX");
    for (const [words, recipe] of [
      [["--mode", "int16x8", "--io", "int16"], { mode: "int16x8", io: "int16" }],
      [["--mode", "int8", "--weights", "per-tensor-dense"], { mode: "int8", weights: "per-tensor-dense" }],
      [["--mode", "int8", "--symmetric"], { mode: "int8", symmetricActivations: true }],
      [["--mode", "int8", "--keep-float", "SOFTMAX"], { mode: "int8", keepFloat: [softmax?.index ?? -1] }],
      [["--mode", "dynamic", "--min-elements", "0"], { mode: "dynamic", minimumElements: 0 }],
    ] as const) {
      const needs = recipe.mode !== "dynamic";
      const line = ["quantize", examplePath, "-o", at("o.tflite"), ...words];
      const ended = await litequant([...line, "--json", ...(needs ? ["--calibrate", sampleFile] : [])]);
      expect(ended.code).toBe(0);
      const bytes = await (await quantize(model, recipe, needs ? statistics : undefined)).save();
      expect(readFileSync(at("o.tflite")).equals(Buffer.from(bytes))).toBe(true);
      expect(JSON.parse(ended.stdout)).toMatchObject({
        mode: recipe.mode,
        bytes: [model.byteLength, bytes.byteLength],
      });
    }
    const line = ["quantize", examplePath, "-o", at("o.tflite"), "--mode", "int8", "--calibrate", sampleFile];
    expect((await litequant([...line, "--keep-float", "SOFTMAX"])).stderr).toContain(
      `operator ${softmax?.index} (SOFTMAX) of subgraph 0: the recipe keeps it in float`,
    );
  });

  test("statistics of several machines give the bytes of one", async () => {
    const model = await loadExample();
    const all = await readArrays(new Uint8Array(readFileSync(sampleFile)), sampleFile);
    const values = all[input]?.data as Float32Array;
    for (const [name, first, last] of [
      ["x", 0, 2],
      ["y", 2, 5],
    ] as const) {
      const data = values.slice(first * 3072, last * 3072);
      const shape = [last - first, 1, 32, 32, 3];
      writeFileSync(at(`${name}.npz`), await writeArrays({ [input]: { type: "float32", shape, data } }));
      const ended = await litequant(["calibrate", examplePath, "--data", at(`${name}.npz`), "-o", at(`${name}.json`)]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
    }
    const line = ["quantize", examplePath, "-o", at("merged.tflite"), "--mode", "int8"];
    expect((await litequant([...line, "--statistics", at("y.json"), at("x.json")])).code).toBe(0);
    const whole = await calibrate(model, await openDataset(sampleFile, model));
    const bytes = await (await quantize(model, { mode: "int8" }, whole)).save();
    expect(readFileSync(at("merged.tflite")).equals(Buffer.from(bytes))).toBe(true);
  });

  test("on random data says so", async () => {
    const ended = await litequant([
      "quantize",
      examplePath,
      "-o",
      at("r.tflite"),
      "--mode",
      "int8",
      "--calibrate",
      "random:2",
    ]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("not on real data");
    expect(ended.stderr).toContain("random");
  });

  test("a refusal is one message with every operator, without a stack, and leaves no file", async () => {
    const line = ["quantize", examplePath, "-o", at("never.tflite"), "--mode", "int8-only", "--calibrate", sampleFile];
    const ended = await litequant([...line, "--keep-float", "1", "2"]);
    expect(ended.code).toBe(3);
    expect(ended.stdout).toBe("");
    expect(ended.stderr).toMatch(/operator 1 \(\w+\) of subgraph 0: /);
    expect(ended.stderr).toMatch(/operator 2 \(\w+\) of subgraph 0: /);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(at("never.tflite"))).toBe(false);
  });
});

describe("run", () => {
  test("takes and gives arrays by name, in the model's types", async () => {
    const ended = await litequant(["run", examplePath, "--input", at("one.npz"), "-o", at("out.npz")]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const arrays = await readArrays(new Uint8Array(readFileSync(at("out.npz"))), "out.npz");
    expect(arrays[output]).toMatchObject({ type: "float32", shape: [1, 36] });
    const sum = Array.from(arrays[output]?.data as Float32Array).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 4);
  });

  test("takes an array named after its signature", async () => {
    const key = (await loadExample()).describe().signatures[0]?.key ?? "";
    const one = await readArrays(new Uint8Array(readFileSync(at("one.npz"))), "one.npz");
    writeFileSync(at("named.npz"), await writeArrays({ [`${key}/${input}`]: one[input] as Tensor }));
    expect((await litequant(["run", examplePath, "--input", at("named.npz"), "-o", at("named-out.npz")])).code).toBe(0);
    expect((await litequant(["run", examplePath, "--input", at("one.npz"), "-o", at("plain-out.npz")])).code).toBe(0);
    expect(readFileSync(at("named-out.npz")).equals(readFileSync(at("plain-out.npz")))).toBe(true);
  });

  test.each<[string, () => Promise<Uint8Array>, string]>([
    ["an empty file", () => Promise.resolve(new Uint8Array()), "not a usable zip archive"],
    [
      "half an archive",
      () => Promise.resolve(new Uint8Array(readFileSync(at("one.npz"))).slice(0, 2000)),
      "not a usable zip archive",
    ],
    ["another name", () => writeArrays({ other: floats([1, 32, 32, 3]) }), "has no array 'INPUT'"],
    [
      "another type",
      () => writeArrays({ [input]: { ...floats([1, 32, 32, 3]), ...integers } }),
      "is int8, the model takes float32",
    ],
    [
      "another rank",
      () => writeArrays({ [input]: floats([1, 32, 96]) }),
      "has the shape [1, 32, 96], the model takes [1, 32, 32, 3]",
    ],
    ["another size", () => writeArrays({ [input]: floats([1, 32, 31, 3]) }), "has the shape [1, 32, 31, 3]"],
    ["no element", () => writeArrays({ [input]: floats([0, 32, 32, 3]) }), "has the shape [0, 32, 32, 3]"],
  ])("says what is wrong with %s", async (_, bytes, message) => {
    writeFileSync(at("bad.npz"), await bytes());
    const ended = await litequant(["run", examplePath, "--input", at("bad.npz"), "-o", at("no.npz")]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(at("bad.npz"));
    expect(ended.stderr).toContain(message.replace("INPUT", input));
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(at("no.npz"))).toBe(false);
  });

  test("refuses other shapes and types", async () => {
    const ended = await litequant(["run", examplePath, "--input", sampleFile, "-o", at("no.npz")]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(input);
    expect(existsSync(at("no.npz"))).toBe(false);
  });
});

test("compare tells agreement, accuracy and errors", async () => {
  const line = ["quantize", examplePath, "-o", at("q.tflite"), "--mode", "int8", "--calibrate", sampleFile];
  expect((await litequant(line)).code).toBe(0);
  const words = ["compare", examplePath, at("q.tflite"), "--data", sampleFile, "--labels", labelsFile];
  const asText = await litequant(words);
  expect(asText.code).toBe(0);
  for (const part of ["agreement", "top-1", "dB", "worst tensors"]) expect(asText.stdout).toContain(part);
  const report = JSON.parse((await litequant([...words, "--json"])).stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ sampleCount: count, isRealData: true });
  expect(report["top1"]).toHaveLength(2);
});

test("inspect tells what a model is", async () => {
  const asText = await litequant(["inspect", examplePath]);
  expect(asText).toMatchObject({ code: 0, stderr: "" });
  for (const part of ["DEPTHWISE_CONV_2D", "int8-only", input, "float32 [1, 32, 32, 3]"]) {
    expect(asText.stdout).toContain(part);
  }
  const asJson = JSON.parse((await litequant(["inspect", examplePath, "--json"])).stdout) as unknown;
  const model = await loadExample();
  expect(asJson).toEqual({ ...model.describe(), modes: await describeModes(model) });
});

test("dequantize brings weights back", async () => {
  const line = ["quantize", examplePath, "-o", at("small.tflite"), "--mode", "int8-only", "--calibrate", sampleFile];
  expect((await litequant(line)).code).toBe(0);
  const ended = await litequant(["dequantize", at("small.tflite"), "-o", at("float.tflite")]);
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect((await load(at("float.tflite"))).describe()).toMatchObject({ isQuantized: false });
  const again = await litequant(["dequantize", at("float.tflite"), "-o", at("never.tflite")]);
  expect(again.code).toBe(3);
  expect(again.stderr).toContain("there is nothing to do");
  expect(existsSync(at("never.tflite"))).toBe(false);
});

describe("advise", () => {
  test.each<[string, string[], string]>([
    ["dynamic without samples", [], "dynamic"],
    ["int8 with samples", ["--data", sampleFile], "int8"],
    ["integers for microcontrollers", ["--target", "micro", "--data", sampleFile], "int8-only"],
    ["half precision for GPUs", ["--target", "gpu"], "float16"],
  ])("recommends %s, by a command that does it", async (_, words, mode) => {
    const ended = await litequant(["advise", examplePath, ...words]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toContain(`recommended: ${mode}\n`);
    const line = /^ {2}litequant (.*)$/m.exec(ended.stdout)?.[1]?.split(" ") ?? [];
    expect(line).toContain(mode);
    expect((await litequant(line, folder)).code).toBe(0);
    expect(existsSync(at(`characters.${mode}.tflite`))).toBe(true);
    const asJson = JSON.parse((await litequant(["advise", examplePath, ...words, "--json"])).stdout) as unknown;
    expect(asJson).toMatchObject({ mode, hasData: words.includes("--data"), modes: { [mode]: { possible: true } } });
  });

  test("says when nothing is to be done", async () => {
    const done = at("done.tflite");
    const line = ["quantize", examplePath, "-o", done, "--mode", "int8-only", "--calibrate", sampleFile];
    expect((await litequant(line)).code).toBe(0);
    const ended = await litequant(["advise", done]);
    expect(ended.code).toBe(3);
    expect(ended.stdout).toContain("it is quantized already");
  });
});

test("report compares all modes", async () => {
  const ended = await litequant(["report", "--model", examplePath, "--data", sampleFile, "--labels", labelsFile]);
  expect(ended.code).toBe(0);
  for (const part of ["float32", "float16", "dynamic", "int8-only", "int16x8-only", "ms/inference"])
    expect(ended.stdout).toContain(part);
});

describe("mistakes", () => {
  test.each<[string, string[], number, string]>([
    ["no command", [], 2, ""],
    ["an unknown command", ["quantise"], 2, "did you mean quantize?"],
    ["an unknown option", ["inspect", examplePath, "--jsn"], 2, "did you mean --json?"],
    ["no operand", ["inspect"], 2, "MODEL must be given"],
    ["a surplus operand", ["inspect", examplePath, "more"], 2, "'more'"],
    ["no output", ["quantize", examplePath, "--mode", "dynamic"], 2, "-o must be given"],
    ["no mode", ["quantize", examplePath, "-o", "x"], 2, "--mode must be given"],
    ["a wrong mode", ["quantize", examplePath, "-o", "x", "--mode", "int-8"], 2, "did you mean int8?"],
    ["no samples", ["quantize", examplePath, "-o", "x", "--mode", "int8"], 2, "--calibrate"],
    ["no samples", ["quantize", examplePath, "-o", "x", "--mode", "int16x8"], 2, "--calibrate"],
    [
      "a target",
      ["quantize", examplePath, "-o", "x", "--mode", "dynamic", "--target", "micr"],
      2,
      "did you mean micro?",
    ],
    ["no count", ["quantize", examplePath, "-o", "x", "--mode", "dynamic", "--min-elements", "x"], 2, "'x'"],
    [
      "an operator that is not there",
      ["quantize", examplePath, "-o", "x", "--mode", "dynamic", "--keep-float", "LSTM"],
      2,
      "no operator and no result is called",
    ],
    [
      "int16 kept where nothing is int8",
      ["quantize", examplePath, "-o", "x", "--mode", "dynamic", "--keep-int16", "SOFTMAX"],
      2,
      "cannot keep single operators in int16",
    ],
    ["an option without value", ["quantize", examplePath, "-o"], 2, "-o"],
    [
      "samples far apart for a sequence",
      ["calibrate", examplePath, "--data", "random:4", "-o", "x", "--samples", "2", "--sequence", "2"],
      2,
      "--sequence needs those that follow each other",
    ],
    ["half a sequence", ["calibrate", examplePath, "--data", "random:4", "-o", "x", "--sequence", "0.5"], 2, "0.5"],
    ["a wrong range", ["compare", examplePath, examplePath, "--data", "random:1", "--normalize", "-1"], 2, "-1"],
    [
      "io that the mode cannot have",
      ["quantize", examplePath, "-o", "x", "--mode", "dynamic", "--io", "int8"],
      2,
      "int8",
    ],
    ["a missing file", ["inspect", "/no/such.tflite"], 1, "there is no such file"],
    ["no model", ["inspect", __filename], 3, ""],
  ])("%s", async (_, words, code, message) => {
    const ended = await litequant(words, folder);
    expect(ended.code).toBe(code);
    expect(ended.code === 2 && words.length === 0 ? "usage" : ended.stderr).toContain(message || "");
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  test("an unwritable place is named, and nothing is left", async () => {
    const ended = await litequant(["quantize", examplePath, "-o", at("no/such/x.tflite"), "--mode", "dynamic"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("the folder does not exist");
    mkdirSync(at("taken"));
    const taken = await litequant(["quantize", examplePath, "-o", at("taken"), "--mode", "dynamic"]);
    expect(taken.code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("names out of files reach the terminal without control characters", async () => {
    const name = "evil\u001b[31m.npy";
    writeFileSync(at(name), "no array");
    const ended = await litequant(["compare", examplePath, examplePath, "--data", at(name)]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).not.toContain("\u001b");
  });
});

test("--help tells every command and option", async () => {
  const general = await litequant(["--help"]);
  expect(general.code).toBe(0);
  for (const command of ["quantize", "run", "compare", "inspect", "dequantize", "advise", "calibrate", "report"]) {
    expect(general.stdout).toContain(command);
    const help = await litequant([command, "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain(`litequant ${command}`);
  }
  expect((await litequant(["quantize", "-h"])).stdout).toContain("--normalize");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect((await litequant(["--version"])).stdout).toBe(`${version}\n`);
});

test("models of several signatures run by name", async () => {
  const path = join(root, "../shared/zoo/models/small");
  if (!existsSync(path)) return console.log("not run: ../shared is not there");
  const found = [];
  for (const name of readdirSync(path).filter((one) => one.endsWith(".tflite"))) {
    const model = await load(join(path, name)).catch(() => undefined);
    if (model && model.describe().signatures.length > 1) found.push({ name, model });
  }
  for (const { name, model } of found) {
    for (const { key, inputs } of model.describe().signatures) {
      const arrays = Object.fromEntries(
        inputs.map((port) => [
          port.name,
          { type: port.type, shape: port.shape, data: new Float32Array(port.shape.reduce((a, b) => a * b, 1)) },
        ]),
      );
      writeFileSync(at("sig.npz"), await writeArrays(arrays));
      const ended = await litequant([
        "run",
        join(path, name),
        "--signature",
        key,
        "--input",
        at("sig.npz"),
        "-o",
        at("o.npz"),
      ]);
      expect([0, 3]).toContain(ended.code);
    }
  }
});
