// Numbers as people read them, in the language of the page.
import { currentLanguage, text } from "./text.js";

const decimal = (value: number, digits: number) =>
  value.toLocaleString(currentLanguage(), { maximumFractionDigits: digits });

/** With as many decimals in each, so that those of a column stand below one another. */
const fixed = (value: number, digits: number) =>
  value.toLocaleString(currentLanguage(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** "377 kB": powers of 1000, as file managers show them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return text("unit.bytes", { count: bytes });
  if (bytes < 999_500) return `${decimal(bytes / 1000, bytes < 99_500 ? 1 : 0)} kB`;
  return `${decimal(bytes / 1_000_000, 1)} MB`;
}

/** "97.5 %" of a share in 0…1. */
export const percentText = (share: number): string => `${fixed(share * 100, 1)} %`;

/** "31.2 dB"; null stands for no error at all. */
export const decibelText = (value: number | null): string =>
  value === null ? text("unit.identical") : `${fixed(value, 1)} dB`;

/** "0.42 ms"; under a tenth in microseconds. */
export const millisecondsText = (value: number): string =>
  value > 0 && value < 0.1 ? `${fixed(value * 1000, 1)} µs` : `${fixed(value, value < 10 ? 2 : 1)} ms`;

/** "0.302", "12.4": milliseconds without their unit, for tables that tell it once. */
export const millisecondsNumber = (value: number): string => fixed(value, value < 1 ? 3 : value < 10 ? 2 : 1);

/** "2.90×" */
export const ratioText = (value: number): string => `${fixed(value, value < 10 ? 2 : 1)}×`;

/** "0.997" */
export const scoreText = (score: number): string => fixed(score, 3);

/** A value of a tensor, up to four digits that count. */
export function valueText(value: number): string {
  const magnitude = Math.abs(value);
  const isPlain = magnitude === 0 || (magnitude >= 1e-3 && magnitude < 1e7);
  return value
    .toLocaleString(currentLanguage(), {
      maximumSignificantDigits: isPlain ? 4 : 3,
      notation: isPlain ? "standard" : "scientific",
    })
    .replace("E", "e")
    .replaceAll("-", "−");
}

/** "12 s left", rounded so that it does not flicker. */
export function timeLeftText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60
    ? text("unit.secondsLeft", { count: seconds })
    : text("unit.minutesLeft", { count: Math.ceil(seconds / 60) });
}

/** "float32 [1 × 32 × 32 × 3]"; "?" where the size is known at run time only. */
export function shapeText(port: {
  type: string;
  shape: readonly number[];
  shapeSignature?: readonly number[];
}): string {
  const dims = (port.shapeSignature ?? port.shape).map((dim) => (dim < 0 ? "?" : dim)).join(" × ");
  return `${port.type} [${dims}]`;
}
