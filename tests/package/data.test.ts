import {
  compare,
  decodeImage,
  imageToTensor,
  openDataset,
  parseLabels,
  previewImage,
  readArrays,
  tilesOf,
  writeArrays,
} from "litequant";
import type { DataFile, Dataset, Model, Sample, Tensor } from "litequant";
import { zipSync } from "fflate";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { exampleSample, failureOf, loadExample, removeTemporaryFolders, temporaryFolder } from "./support";

let model: Model;
beforeAll(async () => {
  model = await loadExample();
});
afterAll(removeTemporaryFolders);

const file = (path: string, bytes: Uint8Array): DataFile => ({ path, read: () => Promise.resolve(bytes) });
const open = (files: readonly DataFile[], options = {}): Promise<Dataset> => openDataset(files, model, options);

async function samplesOf(data: Dataset): Promise<Sample[]> {
  const out: Sample[] = [];
  for await (const sample of data) out.push(sample);
  return out;
}
const valuesOf = (sample: Sample | undefined): unknown => {
  const first = (sample as readonly (Float32Array | { data: Float32Array })[])[0];
  return ArrayBuffer.isView(first) ? first : first?.data;
};

/** An .npy by hand, so that it does not depend on our own writer. */
function npy(descr: string, shape: string, data: Uint8Array, fortran = "False"): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const text = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + "\n";
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  return new Uint8Array(Buffer.concat([head, Buffer.from(text), data]));
}
const bytesOf = (array: Float32Array | Float64Array | Uint16Array | Int8Array): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer);
const twoSamples = Float32Array.from([...exampleSample(0), ...exampleSample(1)]);

describe("arrays", () => {
  test.each(["(2, 1, 32, 32, 3)", "(2, 32, 32, 3)"])("of shape %s hold two samples", async (shape) => {
    const data = await open([file("x.npy", npy("<f4", shape, bytesOf(twoSamples)))]);
    expect(data).toMatchObject({ length: 2, isRealData: true, names: ["x.npy[0]", "x.npy[1]"], warnings: [] });
    const samples = await samplesOf(data);
    expect(valuesOf(samples[1])).toEqual(exampleSample(1));
    const report = await compare(model, model, data);
    expect(report).toMatchObject({ sampleCount: 2, agreement: 1 });
  });

  test("float64, float16, big-endian and column-major become what the input takes", async () => {
    const one = exampleSample(3);
    const wide = Float64Array.from(one);
    const big = new Uint8Array(one.length * 4);
    one.forEach((value, i) => new DataView(big.buffer).setFloat32(4 * i, value));
    for (const [type, bytes] of [
      ["<f8", bytesOf(wide)],
      [">f4", big],
    ] as const) {
      const [sample] = await samplesOf(await open([file("x.npy", npy(type, "(1, 32, 32, 3)", bytes))]));
      expect(valuesOf(sample)).toEqual(one);
    }
    const half = new Uint16Array(3072).fill(0x3555);
    const [sample] = await samplesOf(await open([file("x.npy", npy("<f2", "(1, 32, 32, 3)", bytesOf(half)))]));
    expect((valuesOf(sample) as Float32Array)[7]).toBe(0.333251953125);
    const columns = new Float32Array(3072);
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        for (let c = 0; c < 3; c++) columns[c * 1024 + x * 32 + y] = one[(y * 32 + x) * 3 + c] ?? 0;
      }
    }
    const stored = npy("<f4", "(1, 32, 32, 3)", bytesOf(columns), "True");
    const [turned] = await samplesOf(await open([file("x.npy", stored)]));
    expect(valuesOf(turned)).toEqual(one);
  });

  test("in an .npz go by the inputs' names", async () => {
    const name = model.describe().signatures[0]?.inputs[0]?.name ?? "";
    const stored = npy("<f4", "(2, 32, 32, 3)", bytesOf(twoSamples));
    for (const level of [0, 9] as const) {
      const archive = zipSync({ [`${name}.npy`]: stored, "other.npy": stored }, { level });
      expect((await open([file("x.npz", archive)])).length).toBe(2);
    }
    const error = await failureOf(open([file("x.npz", zipSync({ "wrong.npy": stored }))]));
    expect(error).toMatchObject({ code: "BAD_SAMPLE", message: expect.stringContaining(`'${name}'`) as string });
    expect(error["hint"]).toContain("'wrong'");
  });

  test("are written and read back, always as the same bytes", async () => {
    const tensors: Record<string, Tensor> = {
      a: { type: "float32", shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) },
      "b:0": { type: "int64", shape: [], data: new BigInt64Array([-5n]) },
      c: { type: "bool", shape: [3], data: new Uint8Array([1, 0, 1]) },
    };
    const written = await writeArrays(tensors);
    expect(await readArrays(written, "x.npz")).toEqual(tensors);
    // What Node's readFile gives: a view whose slice() copies nothing.
    const one = npy("<f4", "(2,)", new Uint8Array(new Float32Array([1.5, -2]).buffer));
    const pooled = Buffer.concat([Buffer.from("before"), one]).subarray(6);
    const read = await readArrays(pooled, "x.npy");
    expect(read[""]).toEqual({ type: "float32", shape: [2], data: new Float32Array([1.5, -2]) });
    const labels = Buffer.from(npy("<i4", "(2,)", new Uint8Array([3, 0, 0, 0, 9, 0, 0, 0])));
    expect(await parseLabels(labels, "l.npy")).toEqual([3, 9]);
    expect(Buffer.from(await writeArrays(tensors)).equals(Buffer.from(written))).toBe(true);
  });

  test.each<[string, Uint8Array]>([
    ["x.npy", new Uint8Array()],
    ["x.npy", new TextEncoder().encode("hello")],
    ["x.npy", npy("<f4", "(2, 32, 32, 3)", new Uint8Array(100))],
    ["x.npy", npy("<f4", "(99999999999, 99999999999)", new Uint8Array(100))],
    ["x.npy", npy("|O", "(1,)", new Uint8Array(100))],
    ["x.npz", new Uint8Array()],
    ["x.npz", new TextEncoder().encode("PK\u0003\u0004 but nothing else")],
    ["x.npz", zipSync({ "a.npy": new Uint8Array(10) })],
    ["x.npz", zipSync({ "a.npy": npy("<f4", "(1, 32, 32, 3)", bytesOf(exampleSample(0))) }).slice(0, 900)],
    ["x.zip", new TextEncoder().encode("no zip")],
  ])("hostile %s number %# is refused by name", async (name, bytes) => {
    const error = await failureOf(open([file(name, bytes)]));
    expect(error).toMatchObject({ code: "BAD_SAMPLE", message: expect.stringContaining(name) as string });
  });

  test("of a wrong type or shape are refused", async () => {
    const integers = npy("|i1", "(2, 32, 32, 3)", new Uint8Array(6144));
    expect(await failureOf(open([file("x.npy", integers)]))).toMatchObject({ code: "SHAPE_MISMATCH" });
    const shape = npy("<f4", "(2, 3, 32, 32)", bytesOf(twoSamples));
    expect(await failureOf(open([file("x.npy", shape)]))).toMatchObject({ code: "SHAPE_MISMATCH" });
  });

  test("a zip that states more than 2 GiB is refused before it is unpacked", async () => {
    const archive = zipSync({ "a.npy": new Uint8Array(1000) }, { level: 9 });
    const view = new DataView(archive.buffer, archive.byteOffset);
    const directory = Buffer.from(archive).lastIndexOf("PK\u0001\u0002");
    view.setUint32(directory + 24, 0xfffffff0, true);
    expect(await failureOf(open([file("x.npz", archive)]))).toMatchObject({ code: "TOO_LARGE" });
  });
});

describe("pictures", () => {
  const png = async (
    color: { r: number; g: number; b: number; alpha?: number },
    width = 40,
    height = 40,
  ): Promise<Uint8Array> =>
    new Uint8Array(
      await sharp({
        create: { width, height, channels: color.alpha === undefined ? 3 : 4, background: { alpha: 1, ...color } },
      })
        .png()
        .toBuffer(),
    );

  test("in folders are samples, the folders their labels", async () => {
    const folder = temporaryFolder();
    for (const [path, color] of [
      ["b/1.png", { r: 255, g: 0, b: 0 }],
      ["a/z.png", { r: 0, g: 0, b: 255 }],
      ["a/Z.png", { r: 0, g: 255, b: 0 }],
    ] as const) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), await png(color));
    }
    writeFileSync(join(folder, "notes.txt"), "not a sample");
    const data = await openDataset(folder, model, { normalize: [0, 1], classNames: ["b", "a"] });
    expect(data.names).toEqual(["a/Z.png", "a/z.png", "b/1.png"]);
    expect(data.labels).toEqual([1, 1, 0]);
    const samples = await samplesOf(data);
    expect(Array.from((valuesOf(samples[0]) as Float32Array).subarray(0, 3))).toEqual([0, 1, 0]);
    expect(Array.from((valuesOf(samples[2]) as Float32Array).subarray(0, 3))).toEqual([1, 0, 0]);
    const preview = await data.preview(2);
    expect(preview).toMatchObject({ width: 32, height: 32 });
    expect(Array.from(preview?.data.subarray(0, 4) ?? [])).toEqual([255, 0, 0, 255]);
    expect((await openDataset(folder, model, { limit: 2 })).names).toEqual(["a/Z.png", "a/z.png"]);
  });

  test("without a known normalisation there is a warning", async () => {
    const description = model.describe().signatures[0]?.inputs[0];
    const data = await open([file("x.png", await png({ r: 255, g: 0, b: 127 }))]);
    expect(data.warnings).toHaveLength(description?.normalization ? 0 : 1);
    expect(Array.from((valuesOf((await samplesOf(data))[0]) as Float32Array).subarray(0, 2))).toEqual([1, -1]);
  });

  test("are decoded with EXIF rotation, grey as colours, alpha on black", async () => {
    const rotated = await sharp({ create: { width: 4, height: 2, channels: 3, background: "red" } })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    expect(await decodeImage(new Uint8Array(rotated))).toMatchObject({ width: 2, height: 4 });
    const grey = await sharp({ create: { width: 2, height: 2, channels: 3, background: "#808080" } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect(Array.from((await decodeImage(new Uint8Array(grey))).data.subarray(0, 4))).toEqual([128, 128, 128, 255]);
    const half = await decodeImage(await png({ r: 200, g: 100, b: 50, alpha: 0 }));
    const tensor = await imageToTensor(half, { width: 1, height: 1 });
    expect(tensor).toEqual({ type: "float32", shape: [1, 1, 1, 3], data: new Float32Array(3) });
    const error = await failureOf(decodeImage(new Uint8Array([1, 2, 3])));
    expect(error).toMatchObject({ code: "BAD_SAMPLE" });
  });

  test("become tensors of every type", async () => {
    const pixels = { data: new Uint8Array([0, 128, 255, 255]), width: 1, height: 1 };
    const size = { width: 1, height: 1 };
    expect((await imageToTensor(pixels, { ...size, normalize: [-1, 1], order: "bgr" })).data).toEqual(
      Float32Array.of(1, (128 - 127.5) / 127.5, -1),
    );
    const quantization = { scale: 1 / 64, zeroPoint: 10 };
    expect((await imageToTensor(pixels, { ...size, normalize: [-1, 1], type: "int8", quantization })).data).toEqual(
      Int8Array.of(-54, 10, 74),
    );
    expect((await imageToTensor(pixels, { ...size, type: "uint8" })).data).toEqual(Uint8Array.of(0, 128, 255));
    expect((await imageToTensor(pixels, { ...size, channels: 1 })).data).toEqual(Float32Array.of(104));
    expect((await previewImage(pixels, { width: 2, height: 1 })).data).toHaveLength(8);
  });

  test("with impossible options are refused", async () => {
    const pixels = { data: new Uint8Array(4), width: 1, height: 1 };
    for (const options of [
      { width: 0, height: 1 },
      { width: 1, height: 1.5 },
      { width: 1, height: 1, channels: 2 as 3 },
      { width: 1, height: 1, crop: 0 },
      { width: 1, height: 1, normalize: [1, 1] as const },
      { width: 1, height: 1, normalize: { mean: [0, 0], std: [1] } },
      { width: 1, height: 1, type: "int8" as const },
    ]) {
      expect(await failureOf(imageToTensor(pixels, options))).toMatchObject({ code: "BAD_ARGUMENT" });
    }
    const wrong = { data: new Uint8Array(5), width: 1, height: 1 };
    expect(await failureOf(imageToTensor(wrong, { width: 1, height: 1 }))).toMatchObject({ code: "BAD_ARGUMENT" });
  });

  test("lie on a sheet as tiles", async () => {
    const data = Uint8Array.from({ length: 4 * 2 * 4 }, (_, i) => i);
    const tiles = tilesOf({ data, width: 4, height: 2 }, 2, 1);
    expect(tiles).toHaveLength(2);
    expect(Array.from(tiles[1]?.data ?? [])).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]);
    const set = await openDataset(tiles, model, { normalize: [0, 1] });
    expect(set.length).toBe(2);
    expect(() => tilesOf({ data, width: 4, height: 2 }, 3, 1)).toThrow();
  });
});

test("sounds: the input's length, labels from their folders, and a file that is none is named", async () => {
  const frames = 3072;
  const header = Buffer.alloc(44);
  header.write("RIFF\0\0\0\0WAVEfmt ", 0, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16000, 24);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(2 * frames, 40);
  const sound = Buffer.concat([header, Buffer.alloc(2 * frames, 64)]);
  const [sample] = await samplesOf(await open([file("x.wav", new Uint8Array(sound))]));
  expect((valuesOf(sample) as Float32Array)[5]).toBe(0x4040 / 32768);
  const short = open([file("x.wav", new Uint8Array(sound.subarray(0, -2)))]);
  expect(await failureOf(short.then(samplesOf))).toMatchObject({ code: "SHAPE_MISMATCH" });
  const paths = ["yes/1.wav", "no/2.wav", "yes/3.wav"];
  const set = await open(
    paths.map((path) => file(path, new Uint8Array(sound))),
    { classNames: ["no", "yes"] },
  );
  expect(set.names.map((name, index) => [name, set.labels?.[index]])).toEqual([
    ["no/2.wav", 0],
    ["yes/1.wav", 1],
    ["yes/3.wav", 1],
  ]);
  const broken = open([file("words/no.wav", new Uint8Array(60))]);
  const failure = await failureOf(broken.then(samplesOf));
  expect(failure).toMatchObject({ code: "BAD_SAMPLE", message: expect.stringMatching(/^words\/no\.wav: /) as string });
});

test("random samples are the same every time", async () => {
  const first = await samplesOf(await openDataset("random:2", model));
  expect(await samplesOf(await openDataset(["random:2"], model))).toEqual(first);
  expect(first[0]).not.toEqual(first[1]);
  for (const source of ["random:0", "random:x", "random:"]) {
    expect(await failureOf(openDataset(source, model))).toMatchObject({ code: "BAD_ARGUMENT" });
  }
});

test("nothing is no data set", async () => {
  expect(await failureOf(open([]))).toMatchObject({ code: "EMPTY_DATASET" });
  expect(await failureOf(open([file("notes.txt", new Uint8Array(1))]))).toMatchObject({ code: "EMPTY_DATASET" });
  expect(await failureOf(openDataset("/no/such/folder", model))).toMatchObject({ code: "FILE_NOT_READ" });
});

test("labels are read from text, JSON and arrays", async () => {
  const text = new TextEncoder();
  const names = ["cat", "dog"];
  expect(await parseLabels(text.encode("1\ndog\r\ncat\n"), "l.txt", names)).toEqual([1, 1, 0]);
  expect(await parseLabels(text.encode("[1, 0]"), "l.json")).toEqual([1, 0]);
  expect(await parseLabels(text.encode('{"labels": ["dog"]}'), "l.json", names)).toEqual([1]);
  expect(await parseLabels(npy("<i4", "(2,)", new Uint8Array([3, 0, 0, 0, 9, 0, 0, 0])), "l.npy")).toEqual([3, 9]);
  for (const [bytes, name] of [
    ["bird\n", "l.txt"],
    ["{", "l.json"],
    ["{}", "l.json"],
  ] as const) {
    expect(await failureOf(parseLabels(text.encode(bytes), name, names))).toMatchObject({ code: "BAD_SAMPLE" });
  }
});
