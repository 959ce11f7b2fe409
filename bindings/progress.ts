// Tells the caller how far long work is: at least ten times a second, not more than twenty.
import type { Phase, Progress, WorkOptions } from "./types.js";

const leastMs = 50;
const mostMs = 90;

export class ProgressReporter {
  readonly #phase: Phase;
  readonly #total: number | undefined;
  readonly #report: ((progress: Progress) => void) | undefined;
  readonly #start = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #done = 0;
  #last = -Infinity;

  constructor(phase: Phase, total: number | undefined, { onProgress }: WorkOptions) {
    this.#phase = phase;
    this.#total = total;
    this.#report = onProgress;
    if (!onProgress) return;
    // While one step takes long, what was said is said again.
    this.#timer = setInterval(() => this.#emit(), mostMs);
    this.#emit();
  }

  step(done: number): void {
    this.#done = done;
    if (performance.now() - this.#last >= leastMs) this.#emit();
  }

  /** Says the last word if all went well; must be called in any case. */
  end(isComplete: boolean): void {
    clearInterval(this.#timer);
    if (isComplete) this.#emit();
  }

  #emit(): void {
    if (!this.#report) return;
    this.#last = performance.now();
    const elapsed = this.#last - this.#start;
    const left = this.#total !== undefined ? this.#total - this.#done : 0;
    this.#report({
      phase: this.#phase,
      done: this.#done,
      ...(this.#total !== undefined && { total: this.#total }),
      ...(this.#total !== undefined &&
        this.#done > 0 && { remainingMs: Math.max(0, Math.round((elapsed / this.#done) * left)) }),
    });
  }
}

/** Runs `work` with a reporter that is ended whatever happens. */
export async function reporting<T>(
  phase: Phase,
  total: number | undefined,
  options: WorkOptions,
  work: (reporter: ProgressReporter) => Promise<T>,
): Promise<T> {
  const reporter = new ProgressReporter(phase, total, options);
  let isComplete = false;
  try {
    const result = await work(reporter);
    isComplete = true;
    return result;
  } finally {
    reporter.end(isComplete);
  }
}
