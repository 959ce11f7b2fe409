// What each model of the zoo is run on for `npm run report -- exact`: its own data, as its inputs take it. Recorded as a
// list of runs, so that every engine gets the same bytes: NAME.json ({runs: [{signature, inputs: [tensor…]}]}, a tensor
// being {name, type, shape, offset}) beside NAME.bin, which holds the elements, little endian.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrays, sizeOf, withElements } from "./exact_run.mjs";
import { digits, keywordFeatures, labelledPictures, photos, soundWindows, zoo } from "./models.mjs";

// ---- Recording ------------------------------------------------------------------------------------------------------

export function writeRuns(base, record) {
  const pieces = [];
  let at = 0;
  const placed = ({ name, type, shape, data }) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    pieces.push(bytes, Buffer.alloc(-bytes.length & 7));
    const offset = at;
    at += bytes.length + (-bytes.length & 7);
    return { name, type, shape, offset };
  };
  const runs = record.runs.map(({ inputs = [], outputs = [], ...rest }) => ({
    ...rest,
    inputs: inputs.map(placed),
    outputs: outputs.map(placed),
  }));
  writeFileSync(`${base}.bin`, Buffer.concat(pieces));
  writeFileSync(`${base}.json`, JSON.stringify({ ...record, runs }));
}

export const readRuns = (base) =>
  withElements(JSON.parse(readFileSync(`${base}.json`, "utf8")), new Uint8Array(readFileSync(`${base}.bin`)).buffer);

// ---- Numbers as an input takes them ---------------------------------------------------------------------------------

/** Real numbers in the type and steps of an input. */
function stored(port, values, shape = port.shape) {
  const { type, quantization } = port;
  if (type === "float32") return { name: port.name, type, shape, data: Float32Array.from(values) };
  const [scale, zero] = [quantization?.scale[0] ?? 1, quantization?.zeroPoint[0] ?? 0];
  const { BYTES_PER_ELEMENT: bytes } = arrays[type];
  const least = type === "uint8" ? 0 : -(2 ** (8 * bytes - 1));
  const step = (value) => Math.min(Math.max(Math.round(value / scale) + zero, least), least + 2 ** (8 * bytes) - 1);
  return { name: port.name, type, shape, data: arrays[type].from(values, step) };
}

/** Numbers in 0…1, the same each time (xorshift). */
function random(seed) {
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state / 2 ** 32;
  };
}

/** Drawn for inputs that no data fits: floats in ±2, integers over their type, indices below `most`. */
function drawn(port, next, { most = 100, shape = port.shape } = {}) {
  const { type, quantization } = port;
  const values = Array.from({ length: sizeOf(shape) }, next);
  if (type === "float32")
    return stored(
      port,
      values.map((value) => 4 * value - 2),
      shape,
    );
  if (quantization) {
    const span = 2 ** (8 * arrays[type].BYTES_PER_ELEMENT);
    const least = type === "uint8" ? 0 : -span / 2;
    return {
      name: port.name,
      type,
      shape,
      data: arrays[type].from(values, (value) => Math.floor(value * span) + least),
    };
  }
  return stored(
    port,
    values.map((value) => Math.floor(value * most)),
    shape,
  );
}

// ---- Data -----------------------------------------------------------------------------------------------------------

/** 16-bit samples of a recording, in ±1. */
function waveform(name) {
  const bytes = readFileSync(join(zoo, "data/speech", name));
  return Array.from({ length: (bytes.length - 44) >> 1 }, (_, index) => bytes.readInt16LE(44 + 2 * index) / 32768);
}

/** Magnitudes of the discrete Fourier transform of 512 samples. */
function magnitudes(samples) {
  return Array.from({ length: 257 }, (_, k) => {
    let [real, imaginary] = [0, 0];
    samples.forEach((sample, n) => {
      real += sample * Math.cos((2 * Math.PI * k * n) / 512);
      imaginary -= sample * Math.sin((2 * Math.PI * k * n) / 512);
    });
    return Math.hypot(real, imaginary);
  });
}

const speech = ["yes_1000ms.wav", "no_1000ms.wav", "noise_1000ms.wav", "silence_1000ms.wav"];

/** A run for each picture; `range` are the real numbers of black and white. */
const pictures =
  (files, range, count, size) =>
  async ({ api, inputs: [port] }) => {
    const runs = [];
    const chosen = files();
    const every = Math.max(1, Math.floor(chosen.length / count));
    for (const file of chosen.filter((_, index) => index % every === 0).slice(0, count)) {
      const [height, width] = size ?? port.shape.slice(1, 3);
      const options = { width, height, resize: "cover", normalize: range };
      const { data } = await api.imageToTensor(await api.decodeImage(readFileSync(file)), options);
      runs.push([stored(port, data, [1, height, width, 3])]);
    }
    return runs;
  };

const ofFolder = (name) => () => labelledPictures(name, 1).files;

/** A run for each of some rows of numbers. */
const rows =
  (make, count) =>
  ({ inputs: [port] }) => {
    const all = make();
    const every = Math.floor(all.length / count);
    return Array.from({ length: count }, (_, index) => [stored(port, all[index * every])]);
  };

function keywords() {
  const { values } = keywordFeatures();
  return Array.from({ length: values.length / 490 }, (_, index) => values.subarray(490 * index, 490 * (index + 1)));
}

function handwriting() {
  const { data } = digits(0, 1000).array;
  return Array.from({ length: 1000 }, (_, index) => data.subarray(784 * index, 784 * (index + 1)));
}

async function wakewords({ api, inputs: [port] }) {
  const { specs } = await api.readArrays(readFileSync(join(zoo, "data/wakeword/calibration_samples.npz")), "wakewords");
  const size = 30 * 40;
  return Array.from({ length: 20 }, (_, index) => [
    stored(port, specs.data.subarray(size * index, size * (index + 1))),
  ]);
}

/** Three mel frames a run, one after the other, of wake words that follow each other. */
async function streamedFrames({ api, inputs: [port] }) {
  const { specs } = await api.readArrays(readFileSync(join(zoo, "data/wakeword/calibration_samples.npz")), "wakewords");
  // The features of one front end in the steps of another: spread over the range that this one takes.
  const values = Array.from(specs.data.subarray(0, 100 * 120), (value) => value * 26);
  return Array.from({ length: 100 }, (_, index) => [stored(port, values.slice(120 * index, 120 * (index + 1)))]);
}

/** Magnitudes of frames of speech; the states that a run gives are the next one's. */
async function denoised({ api, model, inputs: [frame, state], outputs }) {
  const session = await api.createSession(model);
  const samples = waveform(speech[0]);
  const runs = [];
  let held = stored(state, new Float32Array(sizeOf(state.shape)));
  for (let start = 4000; runs.length < 12; start += 128) {
    runs.push([stored(frame, magnitudes(samples.slice(start, start + 512))), held]);
    const results = await session.run(Object.fromEntries(runs.at(-1).map((tensor) => [tensor.name, tensor])));
    held = { ...results[outputs[1].name], name: state.name };
  }
  session.dispose();
  return runs;
}

const sounds = ({ inputs: [port] }) =>
  speech.map((name) => [stored(port, waveform(name).slice(0, sizeOf(port.shape)))]);

async function styled(context) {
  const [content, style] = context.inputs;
  const next = random(1);
  const made = await pictures(photos, [0, 1], 1)({ ...context, inputs: [content] });
  return made.map(([picture]) => [picture, drawn(style, next)]);
}

/** What the operators of a 16x8 model were given, out of its own test. */
function operatorInputs({ name, inputs }) {
  const id = name.split("/").at(-1);
  const read = (port, index) => {
    const file = join(zoo, "data/ops_16x8", `${id}_input${index}_${port.type}.csv`);
    return arrays[port.type].from(
      readFileSync(file, "utf8")
        .trim()
        .split(/[,\s]+/),
      Number,
    );
  };
  return [
    inputs.map((port, index) => ({ name: port.name, type: port.type, shape: port.shape, data: read(port, index) })),
  ];
}

const anything =
  (count, options) =>
  ({ inputs }) => {
    const next = random(2);
    return Array.from({ length: count }, () => inputs.map((port) => drawn(port, next, options)));
  };

/** By the beginning of a name: what gives the runs of a signature, the first that fits. */
const sources = [
  [/kws_ds_cnn/, rows(keywords, 50)],
  [/resnet8/, pictures(ofFolder("cifar10"), [0, 255], 20)],
  [/vww/, pictures(ofFolder("vww"), [0, 1], 8)],
  [/ad_autoencoder/, rows(soundWindows, 40)],
  [/dtln/, denoised],
  [/keyword_scrambled/, anything(50), { isStream: true }],
  [/microwakeword/, streamedFrames, { isStream: true }],
  [/streaming_wakeword/, wakewords],
  [/yamnet/, sounds],
  [/mnist/, rows(handwriting, 40)],
  [/mobilenet_v1/, pictures(ofFolder("imagenet"), [-1, 1], 5)],
  [/cls\/mobilenet_v2_1/, pictures(ofFolder("imagenet"), [-1, 1], 3)],
  [/embedder/, pictures(ofFolder("imagenet"), [-1, 1], 5)],
  [/blazeface|palm|pose_detection/, pictures(photos, [-1, 1], 4)],
  [/face_landmark/, pictures(photos, [0, 1], 4)],
  [/movenet/, pictures(photos, [0, 255], 4)],
  [/coco_ssd/, pictures(photos, [-1, 1], 3)],
  [/deeplab/, pictures(photos, [-1, 1], 1)],
  [/selfie/, pictures(photos, [0, 1], 3)],
  [/abpn/, pictures(photos, [0, 255], 3, [64, 64])],
  [/style_transfer/, styled],
  [/ops_16x8/, operatorInputs],
  [/hello_world/, ({ inputs: [port] }) => Array.from({ length: 60 }, (_, index) => [stored(port, [index / 10])])],
  [/movie_review/, anything(8, { most: 9000 })],
  [/toy_llm/, anything(4, { most: 90 })],
  [/.*/, anything(8)],
];

/** The runs of a model: every signature, each with data of its own. */
export async function runsOf(api, name, model) {
  const [, source, options = {}] = sources.find(([pattern]) => pattern.test(name));
  const runs = [];
  for (const { key, inputs, outputs } of model.describe().signatures) {
    for (const sample of await source({ api, name, model, inputs, outputs })) {
      runs.push({ signature: key, inputs: sample, results: outputs.map((port) => port.name) });
    }
  }
  return { isStream: false, ...options, runs };
}
