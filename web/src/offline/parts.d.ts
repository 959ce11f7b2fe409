/** A part of the one-file page, unpacked; boot.ts provides it. */
declare const litequantPart: (name: string) => Promise<Uint8Array>;
