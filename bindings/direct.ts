// An engine in this thread. With it comes what starts one, which pages with a worker need not load.
import type { Channel } from "./channel.js";
import { Host } from "./host.js";
import type { Reply, Request } from "./protocol.js";

/** In this thread. Gives the event loop a turn before a call when the last one was long ago, so that signals arrive. */
export class DirectChannel implements Channel {
  readonly isWorker = false;
  readonly #host = new Host();
  #lastTurn = 0;

  async send(request: Request): Promise<Reply> {
    const now = performance.now();
    if (now - this.#lastTurn > 15) {
      await nextTurn();
      this.#lastTurn = performance.now();
    }
    return await this.#host.answer(request);
  }

  close(): void {
    // Nothing runs between calls; the module is dropped with this object.
  }
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
