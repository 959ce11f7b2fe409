// Time of an inference, in the engine's own clock.
import { type InputValue, type Model, createSession } from "litequant";
import { shapesOf } from "./outputs.js";
import { zerosFor } from "./pictures.js";

/** Milliseconds per inference; warm-up is not in it. */
export interface Latency {
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  /** Times taken, each the mean of `together` runs one after another. */
  readonly times: number;
  readonly together: number;
}

const warmUps = 3;
/** A page's clock goes in steps of a tenth of a millisecond: short runs are timed together, for so long at least. */
const leastMs = 4;
const mostTogether = 40;
const leastTimes = 11;
const mostTimes = 30;
const measuredMs = 800;

/** The values do not matter to the time: zeros will do. `sample` tells the shapes of inputs that take any. */
export async function measureLatency(
  model: Model,
  sample: readonly InputValue[] = [],
  signal?: AbortSignal,
): Promise<Latency> {
  const options = signal ? { signal } : {};
  const session = await createSession(model, { inputShapes: shapesOf(model, sample) });
  const meanOf = async (runs: number) => {
    let sum = 0;
    for (let run = 0; run < runs; ++run) sum += (await session.measure({ repeat: 1, ...options })).medianMs;
    return sum / runs;
  };
  try {
    await session.run(session.inputs.map(zerosFor), options);
    const together = Math.min(mostTogether, Math.ceil(leastMs / Math.max(await meanOf(warmUps), 0.02)));
    const times: number[] = [];
    const from = performance.now();
    while (times.length < leastTimes || (times.length < mostTimes && performance.now() - from < measuredMs)) {
      times.push(await meanOf(together));
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.round(share * (times.length - 1))] ?? 0;
    return { medianMs: at(0.5), p10Ms: at(0.1), p90Ms: at(0.9), times: times.length, together };
  } finally {
    session.dispose();
  }
}
