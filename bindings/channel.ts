// Where an engine lives: in a worker, or in this thread (direct.ts).
import { LiteQuantError } from "./errors.js";
import { copied } from "./protocol.js";
import type { Reply, Request } from "./protocol.js";

export interface Channel {
  /** True if calls run elsewhere, so that one that hangs can be ended from here. */
  readonly isWorker: boolean;
  /** Rejects with WORKER_LOST when the engine is gone. */
  send(request: Request): Promise<Reply>;
  close(): void;
}

export class WorkerChannel implements Channel {
  readonly isWorker = true;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<Reply>) => {
      this.#waiting.get(event.data.id)?.resolve(event.data);
      this.#waiting.delete(event.data.id);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#lose(event.message ? `the worker stopped: ${event.message}` : "the worker's script could not be run");
    };
    worker.onmessageerror = () => this.#lose("a message to or from the worker could not be read");
  }

  send(request: Request): Promise<Reply> {
    const { message, buffers } = copied(request);
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(message, buffers);
    });
  }

  close(): void {
    this.#lose("the engine was ended");
  }

  #lose(message: string): void {
    this.#worker.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) {
      reject(new LiteQuantError({ code: "WORKER_LOST", message, hint: "the next call starts a new engine" }));
    }
  }
}
