// tfjs-tflite through its public API: predict on tensors of tfjs.
/* global document, performance, tf, tflite */
const scripts = ["tfjs-core/dist/tf-core", "tfjs-backend-cpu/dist/tf-backend-cpu", "tfjs-tflite/dist/tf-tflite"];

const loadScript = (address) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, onload: resolve, onerror: reject });
    document.body.append(script);
  });

export async function create({ bytes, input, shape }) {
  const begin = performance.now();
  for (const script of scripts) await loadScript(`/peers/@tensorflow/${script}.min.js`);
  await tf.setBackend("cpu");
  tflite.setWasmPath("/peers/@tensorflow/tfjs-tflite/wasm/");
  const initMs = performance.now() - begin;
  const model = await tflite.loadTFLiteModel(bytes.buffer.slice(0), { numThreads: 1 });
  const loadMs = performance.now() - begin - initMs;
  const isFloat = input instanceof Float32Array;
  const run = async () => {
    const tensor = isFloat ? tf.tensor(input, shape) : tf.tensor(Int32Array.from(input), shape, "int32");
    const result = model.predict(tensor);
    const values = (result.dataSync ? result : Object.values(result)[0]).dataSync();
    tf.dispose([tensor, result]);
    return values;
  };
  return { initMs, loadMs, run, note: "" };
}
