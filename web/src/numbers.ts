// Numbers as people read them.

const decimal = (digits: number) => new Intl.NumberFormat("en", { maximumFractionDigits: digits });

/** "377 kB": powers of 1000, as file managers show them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${decimal(bytes < 99_500 ? 1 : 0).format(bytes / 1000)} kB`;
  return `${decimal(1).format(bytes / 1_000_000)} MB`;
}

/** "97.5 %" of a share in 0…1. */
export const percentText = (share: number): string => `${decimal(1).format(share * 100)} %`;

/** "31.2 dB"; null stands for no error at all. */
export const decibelText = (value: number | null): string =>
  value === null ? "identical" : `${decimal(1).format(value)} dB`;

/** "0.42 ms", three digits that count. */
export const millisecondsText = (value: number): string => `${decimal(value < 10 ? 2 : 1).format(value)} ms`;

/** "2.9×" */
export const ratioText = (value: number): string => `${decimal(value < 10 ? 2 : 1).format(value)}×`;

export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${decimal(0).format(count)} ${count === 1 ? one : many}`;

/** "12 s left", rounded so that it does not flicker. */
export function timeLeftText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`;
}
