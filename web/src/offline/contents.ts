// Model and samples out of the parts of a one-file page.
import { type DataFile, type Pixels, decodeImage, tilesOf } from "litequant";
import { secondsOf } from "../sounds.js";

export const modelPart = async (): Promise<Blob> => new Blob([joined(await litequantPart("model")) as BlobPart]);

export async function tilesPart(name: string, side: number): Promise<readonly Pixels[]> {
  const sheet = await decodeImage(await litequantPart(name));
  return tilesOf(sheet, sheet.width / side, sheet.height / side);
}

export const secondsPart = async (name: string, rate: number): Promise<readonly DataFile[]> =>
  secondsOf(await litequantPart(name), rate);

/** The file holds first bytes of all words, then second ones, …: floats pack better so. A rest of under four follows. */
function joined(planes: Uint8Array): Uint8Array {
  const words = planes.length >> 2;
  const bytes = planes.slice();
  for (let i = 0; i < words; ++i) for (let k = 0; k < 4; ++k) bytes[i * 4 + k] = planes[k * words + i]!;
  return bytes;
}
