// The worker's script: an engine that answers messages. One bundled file without imports.
import { Host } from "./host.js";
import { transferable } from "./protocol.js";
import type { Request } from "./protocol.js";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
};
const host = new Host();

scope.onmessage = (event) => {
  void host.answer(event.data).then((reply) => {
    scope.postMessage(reply, "result" in reply ? transferable(reply.result) : []);
  });
};
