// Sheets of sounds: many seconds in one .wav, as the examples keep them.
import type { DataFile } from "litequant";

const headerBytes = 44;
const bytesOfFile = 4;
const bytesOfSound = 40;

/** Each second of a .wav of one channel and 8 bits as a file of its own; `rate`: values a second. */
export function secondsOf(sheet: Uint8Array, rate: number): readonly DataFile[] {
  const count = Math.floor((sheet.byteLength - headerBytes) / rate);
  return Array.from({ length: count }, (_, index) => ({
    path: `${String(index + 1).padStart(3, "0")}.wav`,
    read: () => Promise.resolve(secondAt(sheet, rate, index)),
  }));
}

function secondAt(sheet: Uint8Array, rate: number, index: number): Uint8Array {
  const file = new Uint8Array(headerBytes + rate);
  file.set(sheet.subarray(0, headerBytes));
  const from = headerBytes + index * rate;
  file.set(sheet.subarray(from, from + rate), headerBytes);
  const header = new DataView(file.buffer);
  header.setUint32(bytesOfFile, file.byteLength - 8, true);
  header.setUint32(bytesOfSound, rate, true);
  return file;
}

/** The second in which most is heard, in steps of a tenth; a shorter sound with silence behind it. */
export function loudestSecond(values: Float32Array, rate: number): Float32Array {
  const second = new Float32Array(rate);
  let best = 0;
  let most = -1;
  const step = Math.max(1, Math.floor(rate / 10));
  for (let from = 0; from === 0 || from + rate <= values.length; from += step) {
    const energy = values.subarray(from, from + rate).reduce((sum, value) => sum + value * value, 0);
    if (energy > most) [best, most] = [from, energy];
  }
  second.set(values.subarray(best, best + rate));
  return second;
}
