// The models that reports are made on, and their samples as arrays, so that every tool sees the same numbers.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inRoot, root } from "./system.mjs";

export const zoo = join(root, "..", "shared", "zoo");

const picture = /\.(png|jpe?g)$/i;
/** Columns of a CSV file with a header; quotes hold commas. */
const csv = (path) =>
  readFileSync(path, "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.match(/("[^"]*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, "")));

/** Labelled pictures of a zoo folder, in the order of its labels.csv. */
export function labelledPictures(name, column) {
  const rows = csv(join(zoo, "data", name, "labels.csv"));
  return {
    files: rows.map(([file]) => join(zoo, "data", name, file)).filter((file) => picture.test(file)),
    labels: rows.map((row) => Number(row[column])),
  };
}

/** The keyword features: int8, [49, 10, 1] each, brought back to the numbers they stand for. */
export function keywordFeatures() {
  const bytes = readFileSync(join(zoo, "data/kws/kws01_mfcc_int8.bin"));
  const stored = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labels = csv(join(zoo, "data/kws/labels.csv")).map((row) => Number(row[2]));
  return { values: Float32Array.from(stored, (q) => Math.fround(0.58470291) * (q - 83)), shape: [49, 10, 1], labels };
}

/** The models of the README's table. */
export const models = [
  {
    name: "characters",
    file: inRoot("web/examples/characters/characters.tflite"),
    async samples(api) {
      const at = (file) => inRoot("web/examples/characters", file);
      const { tile, labels } = JSON.parse(readFileSync(at("samples.json"), "utf8"));
      const tiles = async (file) => {
        const sheet = await api.decodeImage(readFileSync(at(file)));
        return api.tilesOf(sheet, sheet.width / tile, sheet.height / tile);
      };
      return { calibration: await tiles("calibration.png"), evaluation: await tiles("samples.png"), labels };
    },
    pictures: { normalize: [-1, 1] },
  },
  {
    name: "resnet8_cifar10",
    file: join(zoo, "derived/resnet8_cifar10_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("cifar10", 1);
      return { calibration: [join(zoo, "data/cifar10_calib")], evaluation: files, labels };
    },
    pictures: { normalize: [0, 255] },
  },
  {
    name: "vww_96",
    file: join(zoo, "derived/vww_96_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("vww", 1);
      return { calibration: files.slice(0, 64), evaluation: files, labels };
    },
    pictures: { normalize: [0, 1] },
  },
  {
    name: "kws_ds_cnn",
    file: join(zoo, "derived/kws_ds_cnn_float.tflite"),
    samples() {
      const { values, shape, labels } = keywordFeatures();
      const size = shape.reduce((product, dim) => product * dim);
      const array = (count) => ({ type: "float32", shape: [count, ...shape], data: values.subarray(0, count * size) });
      return { calibration: array(100), evaluation: array(labels.length), labels };
    },
  },
  {
    name: "mobilenet_v1_0.25_224",
    file: join(zoo, "models/cls/mobilenet_v1_0.25_224_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("imagenet", 2);
      return { calibration: files.slice(0, 100), evaluation: files, labels };
    },
    pictures: { normalize: [-1, 1], crop: 0.875, resize: "cover" },
  },
];

/** `count` MNIST digits from the `first`, spread over 0…1, of `shape` each. */
export function digits(first, count, shape = [28, 28, 1]) {
  const images = readFileSync(join(zoo, "data/mnist/t10k-images-0-1999.idx3-ubyte"));
  const labels = readFileSync(join(zoo, "data/mnist/t10k-labels-0-1999.idx1-ubyte"));
  const size = 28 * 28;
  const pixels = images.subarray(16 + first * size, 16 + (first + count) * size);
  return {
    array: { type: "float32", shape: [count, ...shape], data: Float32Array.from(pixels, (pixel) => pixel / 255) },
    labels: [...labels.subarray(8 + first, 8 + first + count)],
  };
}

/** Windows of five mel frames of a machine's sound, one frame apart: [640] each. */
export function soundWindows() {
  const bytes = readFileSync(join(zoo, "data/ad/normal_id_01_00000000_hist_librosa.bin"));
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const count = (values.length - 640) / 128 + 1;
  const windows = Array.from({ length: count }, (_, index) => values.subarray(index * 128, index * 128 + 640));
  return windows;
}

const stacked = (rows) => ({
  type: "float32",
  shape: [rows.length, rows[0].length],
  data: Float32Array.from(rows.flatMap((row) => [...row])),
});

/** `count` texts of 256 words, drawn evenly from the `size` words of a vocabulary: no real sentences. */
function words(first, count, size) {
  const data = new Int32Array(count * 256);
  let state = first;
  for (let i = 0; i < data.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = Math.floor((state / 2 ** 32) * size);
  }
  return { type: "int32", shape: [count, 256], data };
}

export const photos = () =>
  readdirSync(join(zoo, "data/coco"))
    .filter((name) => picture.test(name))
    .sort()
    .map((name) => join(zoo, "data/coco", name));

/** More models, for `npm run report -- zoo`. */
export const moreModels = [
  {
    name: "mnist_conv",
    file: join(zoo, "models/cls/mnist_conv_float.tflite"),
    samples: () => {
      const { array, labels } = digits(0, 1000);
      return { calibration: digits(1000, 100).array, evaluation: array, labels };
    },
  },
  {
    name: "mnist_lstm",
    file: join(zoo, "models/rnn/mnist_lstm_float.tflite"),
    samples: () => {
      const { array, labels } = digits(0, 1000, [28, 28]);
      return { calibration: digits(1000, 100, [28, 28]).array, evaluation: array, labels };
    },
  },
  {
    name: "resnet8_cifar10_large",
    file: join(zoo, "models/cls/resnet8_cifar10_large_float.tflite"),
    samples() {
      const { files, labels } = labelledPictures("cifar10", 1);
      return { calibration: [join(zoo, "data/cifar10_calib")], evaluation: files, labels };
    },
    pictures: { normalize: [0, 255] },
  },
  {
    name: "movie_review",
    file: join(zoo, "models/text/movie_review_float.tflite"),
    samples: () => ({ calibration: words(1, 50, 10000), evaluation: words(2, 200, 10000) }),
  },
  {
    name: "pose_detection_128",
    file: join(zoo, "models/pose/pose_detection_128_float.tflite"),
    samples: () => ({
      calibration: photos().filter((_, i) => i % 2 === 0),
      evaluation: photos().filter((_, i) => i % 2 === 1),
    }),
    pictures: { normalize: [0, 1] },
  },
  {
    name: "ad_autoencoder",
    file: join(zoo, "models/audio/ad_autoencoder_float.tflite"),
    samples: () => {
      const windows = soundWindows();
      const of = (rest) => stacked(windows.filter((_, index) => index % 2 === rest));
      return { calibration: of(0), evaluation: of(1) };
    },
  },
  {
    name: "blazeface_front",
    file: join(zoo, "models/det/blazeface_front_float.tflite"),
    samples: () => ({
      calibration: photos().filter((_, i) => i % 2 === 0),
      evaluation: photos().filter((_, i) => i % 2 === 1),
    }),
    pictures: { normalize: [-1, 1] },
  },
  {
    name: "face_landmark_192",
    file: join(zoo, "models/pose/face_landmark_192_float.tflite"),
    samples: () => ({
      calibration: photos().filter((_, i) => i % 2 === 0),
      evaluation: photos().filter((_, i) => i % 2 === 1),
    }),
    pictures: { normalize: [0, 1] },
  },
  {
    name: "deeplabv3_mnv2_257",
    file: join(zoo, "models/seg/deeplabv3_mnv2_257_float.tflite"),
    samples: () => ({
      calibration: photos().filter((_, i) => i % 2 === 0),
      evaluation: photos().filter((_, i) => i % 4 === 1),
    }),
    pictures: { normalize: [-1, 1] },
  },
  {
    name: "abpn_x2",
    file: join(zoo, "models/image2image/abpn_x2_float.tflite"),
    samples: async (api) => {
      const array = async (files) => {
        const tensors = [];
        for (const file of files) {
          const options = { width: 64, height: 64, resize: "cover", normalize: [0, 255] };
          tensors.push((await api.imageToTensor(await api.decodeImage(readFileSync(file)), options)).data);
        }
        return { ...stacked(tensors), shape: [tensors.length, 64, 64, 3] };
      };
      return {
        calibration: await array(photos().filter((_, i) => i % 2 === 0)),
        evaluation: await array(photos().filter((_, i) => i % 2 === 1)),
      };
    },
  },
];

export async function cli(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [inRoot("dist/cli.js"), ...args], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

/** Writes the samples of a model as .npz, once: the arrays named as its inputs. */
export async function writeSamples(api, entry, at) {
  const names = ["calibration.npz", "evaluation.npz", "labels.json"];
  if (names.every((name) => existsSync(join(at, name)))) return;
  mkdirSync(at, { recursive: true });
  const model = await api.load(entry.file);
  const [input] = model.describe().signatures[0].inputs;
  const samples = await entry.samples(api);
  for (const set of ["calibration", "evaluation"]) {
    const array = samples[set].data ? samples[set] : await gathered(api, model, samples[set], entry.pictures, input);
    writeFileSync(join(at, `${set}.npz`), await api.writeArrays({ [input.name]: array }));
  }
  writeFileSync(join(at, "labels.json"), JSON.stringify(samples.labels ?? []));
  model.dispose();
}

/** All samples of a data set as one array [samples, …input shape]. */
async function gathered(api, model, source, pictures, input) {
  const dataset = await api.openDataset(source, model, pictures);
  const size = input.shape.reduce((product, dim) => product * dim);
  const data = new Float32Array(dataset.length * size);
  let at = 0;
  for await (const sample of dataset) {
    const [value] = Array.isArray(sample) ? sample : Object.values(sample);
    data.set(value.data ?? value, size * at++);
  }
  return { type: "float32", shape: [dataset.length, ...input.shape.slice(1)], data };
}
