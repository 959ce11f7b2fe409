// tfjs-tflite through its public API: predict on tensors of tfjs.
/* global document, tf, tflite */
const scripts = ["tfjs-core/dist/tf-core", "tfjs-backend-cpu/dist/tf-backend-cpu", "tfjs-tflite/dist/tf-tflite"];

const loadScript = (address) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: address, onload: resolve, onerror: reject });
    document.body.append(script);
  });

export async function create({ bytes, inputs }) {
  for (const script of scripts) await loadScript(`/peers/@tensorflow/${script}.min.js`);
  await tf.setBackend("cpu");
  tflite.setWasmPath("/peers/@tensorflow/tfjs-tflite/wasm/");
  const model = await tflite.loadTFLiteModel(bytes.buffer, { numThreads: 1 });
  const tensorOf = ({ data, shape }) =>
    data instanceof Float32Array ? tf.tensor(data, shape) : tf.tensor(Int32Array.from(data), shape, "int32");
  const run = async () => {
    const tensors = inputs.map(tensorOf);
    const result = model.predict(tensors.length === 1 ? tensors[0] : tensors);
    const first = result.dataSync ? result : Object.values(result)[0];
    const values = first.dataSync();
    tf.dispose([tensors, result]);
    return values;
  };
  return { run };
}
