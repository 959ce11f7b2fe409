// The client's side of the engine: one call at a time, in order; starting, aborting and restarting.
import type { Channel } from "./channel.js";
import { LiteQuantError, refuse } from "./errors.js";
import type { Arguments, CallName, Result, StartOptions } from "./protocol.js";
import type { Reply, Request } from "./protocol.js";

/** A worker that does not answer so long after an abort is ended. */
const patienceMs = 250;

/** Distributes Omit-like removal of `id` over the union. */
type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

export interface EngineStart {
  readonly channel: Channel;
  readonly options: StartOptions;
}

/** Thrown inside the package when a handle belongs to an engine that is gone; its owner makes a new one. */
export class StaleHandle extends Error {}

export class Engine {
  readonly #open: () => Promise<EngineStart>;
  #channel: Promise<Channel> | undefined;
  #running: Channel | undefined;
  #generation = 0;
  #lastId = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(open: () => Promise<EngineStart>) {
    this.#open = open;
  }

  /** Changes when the engine is started anew: handles of another generation are void. */
  get generation(): number {
    return this.#generation;
  }

  get isWorker(): boolean {
    return this.#running?.isWorker ?? false;
  }

  /** Ends the engine; the next call starts a new one. Calls that wait for an answer reject with WORKER_LOST. */
  reset(): void {
    this.#generation++;
    this.#running?.close();
    this.#running = undefined;
    this.#channel = undefined;
  }

  /** A call that uses no handle, or handles of `generation`. */
  async call<K extends CallName>(
    name: K,
    values: Arguments<K>,
    options: { readonly signal?: AbortSignal; readonly generation?: number } = {},
  ): Promise<Result<K>> {
    const { signal, generation } = options;
    signal?.throwIfAborted();
    const turn = this.#queue.then(async () => {
      signal?.throwIfAborted();
      // Before and after: an engine is not started for a handle of one that is gone.
      const isStale = (): boolean => generation !== undefined && generation !== this.#generation;
      if (isStale()) throw new StaleHandle();
      const channel = await this.#started();
      if (isStale()) throw new StaleHandle();
      return { answer: this.#send(channel, { name, arguments: values } as WithoutId<Request>) };
    });
    // The next call waits for the answer, not only for this one's turn; after an abort, no longer than our patience.
    this.#queue = turn.then(async ({ answer }) => await this.#settled(answer, signal)).catch(() => undefined);
    return (await rejectOnAbort(
      turn.then(async ({ answer }) => await answer),
      signal,
    )) as Result<K>;
  }

  /** Starts the engine if it is not running. */
  #started(): Promise<Channel> {
    this.#channel ??= this.#start().catch((error: unknown) => {
      this.#channel = undefined;
      throw error;
    });
    return this.#channel;
  }

  async #start(): Promise<Channel> {
    const generation = this.#generation;
    const { channel, options } = await this.#open();
    try {
      await this.#send(channel, { start: options });
    } catch (error) {
      channel.close();
      throw error;
    }
    if (generation !== this.#generation) {
      channel.close();
      return refuse("WORKER_LOST", "the engine was ended while it started");
    }
    this.#running = channel;
    return channel;
  }

  async #send(channel: Channel, request: WithoutId<Request>): Promise<unknown> {
    let reply: Reply;
    try {
      reply = await channel.send({ id: ++this.#lastId, ...request } as Request);
    } catch (error) {
      if (channel === this.#running) this.reset();
      throw error;
    }
    if ("result" in reply) return reply.result;
    if (reply.isFatal && channel === this.#running) this.reset();
    throw new LiteQuantError(reply.error);
  }

  async #settled(answer: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
    const done = answer.then(
      () => undefined,
      () => undefined,
    );
    if (!signal || !this.isWorker) return await done;
    const generation = this.#generation;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stuck = new Promise<void>((resolve) => {
      const watch = (): void => {
        timer = setTimeout(() => {
          if (generation === this.#generation) this.reset();
          resolve();
        }, patienceMs);
      };
      if (signal.aborted) watch();
      else signal.addEventListener("abort", watch, { once: true });
      void done.then(() => signal.removeEventListener("abort", watch));
    });
    await Promise.race([done, stuck]);
    clearTimeout(timer);
  }
}

/** The same, but rejects as soon as the signal says so; what the work comes to then is not looked at. */
export async function rejectOnAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener("abort", stop);
    work.catch(() => undefined);
  }
}

/** Something that lives in the engine, made again when the engine was restarted. */
export class Remote {
  readonly engine: Engine;
  readonly #make: (signal?: AbortSignal) => Promise<{ readonly id: number; readonly generation: number }>;
  #held: { readonly id: number; readonly generation: number } | undefined;
  #what: string;
  #isDisposed = false;

  constructor(engine: Engine, what: string, make: Remote["refresh"]) {
    this.engine = engine;
    this.#what = what;
    this.#make = make;
  }

  /** Where it lives now. */
  async refresh(signal?: AbortSignal): Promise<{ readonly id: number; readonly generation: number }> {
    this.check();
    if (this.#held?.generation !== this.engine.generation) this.#held = await this.#make(signal);
    return this.#held as { readonly id: number; readonly generation: number };
  }

  adopt(id: number, generation: number): void {
    this.#held = { id, generation };
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  check(): void {
    if (this.#isDisposed) refuse("DISPOSED", `this ${this.#what} was disposed`);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const held = this.#held;
    this.#held = undefined;
    if (held?.generation === this.engine.generation) release(this.engine, held.id, held.generation);
  }
}

/** Frees a handle whenever the engine gets to it; nothing to do when the engine is gone. */
export function release(engine: Engine, id: number, generation: number): void {
  engine.call("release", [id], { generation }).catch(() => undefined);
}

/** Makes the call with the numbers that the handles have, and again when the engine was restarted in between. */
export async function callWith<K extends CallName>(
  remotes: readonly Remote[],
  name: K,
  values: (ids: readonly number[]) => Arguments<K>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly result: Result<K>; readonly generation: number }> {
  const [first] = remotes;
  if (!first) throw new Error("a call needs a handle");
  for (let attempt = 0; ; attempt++) {
    const held = [];
    for (const remote of remotes) held.push(await remote.refresh(options.signal));
    const { generation } = first.engine;
    if (held.every((one) => one.generation === generation)) {
      try {
        const result = await first.engine.call(name, values(held.map(({ id }) => id)), { ...options, generation });
        return { result, generation };
      } catch (error) {
        if (!(error instanceof StaleHandle)) throw error;
      }
    }
    if (attempt === 3) return refuse("WORKER_LOST", "the engine was restarted again and again");
  }
}
