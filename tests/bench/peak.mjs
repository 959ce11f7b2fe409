// What the processor gives at most through WebAssembly: multiply-adds per second of the instructions that kernels are
// made of, with everything in registers but one operand, which comes from the first-level cache. The modules are
// assembled here, a dozen instructions each.
/* global performance */

const simd = (opcode, ...immediates) => [0xfd, ...leb(opcode), ...immediates];
/** An unsigned number as WebAssembly writes it. */
const leb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const get = (local) => [0x20, ...leb(local)];
const set = (local) => [0x21, ...leb(local)];
const number = (value) => [0x41, value];
const vector = (bytes) => simd(12, ...bytes);
const load = (offset) => simd(0, 4, ...leb(offset));

const i32Add = simd(0xae);
const dot = simd(0xba);
const f32Add = simd(0xe4);
const f32Mul = simd(0xe6);
const relaxedMultiplyAdd = simd(0x105);
const relaxedDot = simd(0x112);
const relaxedDotAdd = simd(0x113);
const firstLane = simd(0x1b, 0);
const ones = vector(Array.from({ length: 16 }, (_, at) => (at + 1) % 2));

/**
 * Rows: what one step is, its multiply-adds, for which values, and its code: `sum` += `a` · `b`, each an instruction that
 * gets it.
 */
export const instructions = [
  {
    name: "i32x4.dot_i16x8_s, i32x4.add",
    of: "int16",
    operations: 8,
    step: (sum, a, b) => [...sum, ...a, ...b, ...dot, ...i32Add],
  },
  {
    name: "i32x4.relaxed_dot_i8x16_i7x16_add_s",
    of: "int8",
    operations: 16,
    isRelaxed: true,
    step: (sum, a, b) => [...a, ...b, ...sum, ...relaxedDotAdd],
  },
  {
    name: "i16x8.relaxed_dot_i8x16_i7x16_s, i32x4.dot_i16x8_s by ones, i32x4.add",
    of: "int7",
    operations: 16,
    isRelaxed: true,
    step: (sum, a, b) => [...sum, ...a, ...b, ...relaxedDot, ...get(places.ones), ...dot, ...i32Add],
  },
  {
    name: "f32x4.mul, f32x4.add",
    of: "float32",
    operations: 4,
    step: (sum, a, b) => [...sum, ...a, ...b, ...f32Mul, ...f32Add],
  },
  {
    name: "f32x4.relaxed_madd",
    of: "float32",
    operations: 4,
    isRelaxed: true,
    step: (sum, a, b) => [...a, ...b, ...sum, ...relaxedMultiplyAdd],
  },
];

// Eight sums of four rows by two columns, as much as 16 registers hold with the operands; each turn of the loop takes two
// depths. The columns are loaded anew in each turn, from where the counter says, so that nothing is moved out of it.
const rows = 4;
const columns = 2;
const depths = 2;
const places = { count: 0, address: 1, sum: 2, row: 10, column: 14, ones: 15 };
const rowsAt = 1024;

/** The module of one instruction: memory `m`, and `run(count)`, which gives the first lane of all sums' sum. */
export function moduleOf({ step }) {
  const sums = Array.from({ length: rows * columns }, (_, at) => places.sum + at);
  const turn = [...get(places.count), ...number(7), 0x71, ...number(6), 0x74, ...set(places.address)];
  for (let at = 0; at < depths * columns; ++at) {
    turn.push(...get(places.address), ...load(16 * at), ...set(places.column));
    for (let row = 0; row < rows; ++row) {
      const sum = sums[(at % columns) * rows + row];
      turn.push(...step(get(sum), get(places.row + row), get(places.column)), ...set(sum));
    }
  }
  const next = [...get(places.count), ...number(1), 0x6b, 0x22, places.count, 0x0d, 0];
  const code = [
    ...[2, 1, 0x7f, 14, 0x7b], // locals: the address, and 14 vectors
    ...Array.from({ length: rows }, (_, row) => [...number(0), ...load(rowsAt + 16 * row), ...set(places.row + row)]),
    ...[...ones, ...set(places.ones)],
    ...[0x03, 0x40, ...turn, ...next, 0x0b], // loop
    ...sums.flatMap((sum, at) => [...get(sum), ...(at > 0 ? i32Add : [])]),
    ...[...firstLane, 0x0b],
  ].flat();
  const body = [...leb(code.length), ...code];
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]), // one type: (i32) → i32
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]), // a page of memory
    ...section(7, [2, 1, 0x6d, 2, 0, 3, 0x72, 0x75, 0x6e, 0, 0]), // "m", "run"
    ...section(10, [1, ...body]),
  ]);
}

/** Multiply-adds of one turn of the loop. */
export const operationsOf = ({ operations }) => operations * rows * columns * depths;

function instanceOf(instruction, rowByte, columnByte) {
  const bytes = moduleOf(instruction);
  if (!WebAssembly.validate(bytes)) return undefined;
  const { m, run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  new Uint8Array(m.buffer).fill(columnByte, 0, rowsAt).fill(rowByte, rowsAt, rowsAt + 16 * rows);
  return run;
}

/** What the dot product of bytes makes of the eighth bit: "unsigned" or "signed", both exact, or else "saturated". */
function exactnessOf(instruction) {
  const run = instanceOf(instruction, 127, 255);
  // A lane is the sum of four products, and run(1) that of one lane of each step.
  const product = run(1) / (4 * rows * columns * depths);
  return { [127 * 255]: "unsigned", [-127]: "signed" }[product] ?? "saturated";
}

/**
 * Thousand millions of multiply-adds per second of each instruction that this engine has, the best of several short
 * windows: {name, of, isRelaxed, rate}; of the dot product of bytes also `bytes`.
 */
export function measurePeaks({ windows = 20, windowMs = 10, warmMs = 60 } = {}) {
  const found = [];
  for (const instruction of instructions) {
    const { name, of, isRelaxed = false } = instruction;
    // As float about 0.7: products that are too small are slow.
    const run = instanceOf(instruction, 0x3f, 0x3f);
    if (!run) continue;
    let count = 1000;
    const begin = performance.now();
    let ms = 0;
    while (ms < windowMs || performance.now() - begin < warmMs) {
      const start = performance.now();
      run(count);
      ms = performance.now() - start;
      if (ms < windowMs) count *= 2;
    }
    let least = Infinity;
    for (let window = 0; window < windows; ++window) {
      const start = performance.now();
      run(count);
      least = Math.min(least, performance.now() - start);
    }
    const rate = (operationsOf(instruction) * count) / least / 1e6;
    found.push({ name, of, isRelaxed, rate, ...(of === "int8" && { bytes: exactnessOf(instruction) }) });
  }
  return found;
}
