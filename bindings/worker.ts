// The worker's script: an engine that answers messages. One bundled file without imports, for pages and for Node.
import { Host } from "./host.js";
import { transferable } from "./protocol.js";
import type { Request } from "./protocol.js";

interface Port {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
}
interface NodePort extends Port {
  on(event: "message", listener: (request: Request) => void): void;
}
/** Of Node: there a worker speaks through a port, and no import is needed to get at it. */
interface NodeProcess {
  getBuiltinModule?(name: string): { readonly parentPort: NodePort | null } | undefined;
}

const host = new Host();

async function answer(port: Port, request: Request): Promise<void> {
  const reply = await host.answer(request);
  port.postMessage(reply, "result" in reply ? transferable(reply.result) : []);
}

const { process } = globalThis as { process?: NodeProcess };
const nodePort = process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
if (nodePort) {
  nodePort.on("message", (request) => void answer(nodePort, request));
} else {
  const scope = globalThis as unknown as Port & { onmessage: (event: MessageEvent<Request>) => void };
  scope.onmessage = (event) => void answer(scope, event.data);
}
