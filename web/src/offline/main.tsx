// The page in one file, from disk: engine and worker come out of the file itself.
import { configure } from "litequant";
import { render } from "preact";
import { App } from "../components/App.js";
import { Workbench } from "../workbench.js";

async function start(): Promise<void> {
  const [wasmBinary, worker] = await Promise.all(["engine", "worker"].map(litequantPart));
  // Pages from disk may start classic workers out of memory, and no others.
  const workerScript = URL.createObjectURL(new Blob([worker as BlobPart], { type: "text/javascript" }));
  configure({ variant: "simd", wasmBinary: wasmBinary as Uint8Array, createWorker: () => new Worker(workerScript) });
  const workbench = new Workbench();
  await workbench.start();
  const root = document.getElementById("app");
  if (root) render(<App workbench={workbench} />, root);
}

void start();
