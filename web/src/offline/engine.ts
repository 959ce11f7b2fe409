// The package told to run out of a one-file page: engine and worker come out of the file itself.
import { configure } from "litequant";

export async function useOwnEngine(): Promise<void> {
  const [wasmBinary, worker] = await Promise.all(["engine", "worker"].map(litequantPart));
  // Pages from disk may start classic workers out of memory, and no others.
  const workerScript = URL.createObjectURL(new Blob([worker as BlobPart], { type: "text/javascript" }));
  configure({ variant: "simd", wasmBinary: wasmBinary as Uint8Array, createWorker: () => new Worker(workerScript) });
}
