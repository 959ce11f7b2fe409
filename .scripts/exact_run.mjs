// Recorded runs of a model, in Node and in a page alike: nothing here knows which. A record is
//   {runs: [{signature, inputs: [tensor…], results: [name…]}], isStream}, a tensor being {name, type, shape, offset}
// with its elements, little endian, in a buffer beside it.

/** The arrays of each element type that inputs and outputs of the zoo have. */
export const arrays = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

export const sizeOf = (shape) => shape.reduce((product, dim) => product * dim, 1);

/** The tensors of a record, with their elements. */
export function withElements(record, buffer) {
  const read = ({ offset, ...tensor }) => ({
    ...tensor,
    data: new arrays[tensor.type](buffer, offset, sizeOf(tensor.shape)),
  });
  const runs = record.runs.map(({ inputs, outputs, ...rest }) => ({
    ...rest,
    inputs: inputs.map(read),
    outputs: outputs.map(read),
  }));
  return { ...record, runs };
}

/** Runs a record; gives {runs: [{outputs}]}. Variables begin anew with each run, but in a stream. */
export async function runRecorded(api, file, { runs, isStream }, options = {}) {
  const model = await api.load(file);
  const sessions = new Map();
  const done = [];
  try {
    for (const { signature, inputs, results } of runs) {
      if (!sessions.has(signature)) {
        const inputShapes = Object.fromEntries(inputs.map(({ name, shape }) => [name, shape]));
        sessions.set(signature, await api.createSession(model, { ...options, signature, inputShapes }));
      }
      const session = sessions.get(signature);
      if (!isStream) await session.reset();
      const found = await session.run(Object.fromEntries(inputs.map((tensor) => [tensor.name, tensor])));
      done.push({ outputs: results.map((name) => ({ name, ...found[name] })) });
    }
  } finally {
    for (const session of sessions.values()) session.dispose();
    model.dispose();
  }
  return { runs: done };
}

/** How far `own` is from `reference`: values that differ, and the largest difference as a share of the largest value. */
export function distance(own, reference) {
  const found = { values: 0, different: 0, share: 0, most: 0 };
  for (const [run, { outputs }] of reference.runs.entries()) {
    for (const [index, wanted] of outputs.entries()) {
      const { type, shape, data } = own.runs[run].outputs[index];
      if (type !== wanted.type || String(shape) !== String(wanted.shape))
        return { ...found, failure: `${type}[${shape}] instead of ${wanted.type}[${wanted.shape}]` };
      let [largest, most] = [0, 0];
      for (let i = 0; i < data.length; ++i) {
        const [a, b] = [Number(data[i]), Number(wanted.data[i])];
        if (Math.abs(b) > largest && Number.isFinite(b)) largest = Math.abs(b);
        if (Object.is(a, b) || a === b) continue;
        found.different++;
        const off = Math.abs(a - b);
        most = Math.max(most, Number.isNaN(off) ? Infinity : off);
      }
      found.values += data.length;
      found.most = Math.max(found.most, most);
      if (most > 0) found.share = Math.max(found.share, most / (largest || 1));
    }
  }
  return found;
}

/** SHA-256 over the elements of all outputs, in order: its first 12 hexadecimal digits. */
export async function digestOf({ runs }) {
  const pieces = runs.flatMap(({ outputs }) => outputs.map(({ data }) => data));
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of pieces) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
