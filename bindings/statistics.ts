// Statistics: what calibration learned, a value that holds no engine memory.
import type { Engine } from "./engine.js";
import { messageOf, refuse } from "./errors.js";
import type { Statistics, StatisticsJSON } from "./types.js";

/** Written beside the engine's own fields when the samples were not real data. */
const notRealField = "isRealData";

class StatisticsValue implements Statistics {
  readonly isRealData: boolean;
  readonly #engine: Engine;
  readonly #json: StatisticsJSON;
  #isDisposed = false;

  constructor(engine: Engine, json: StatisticsJSON, isRealData: boolean) {
    this.#engine = engine;
    this.#json = json;
    this.isRealData = isRealData;
  }

  get sampleCount(): number {
    const graphs = this.#json["graphs"] as readonly { readonly samples: number }[];
    return graphs.reduce((sum, graph) => sum + graph.samples, 0);
  }

  async merge(...others: readonly Statistics[]): Promise<Statistics> {
    const all = [this, ...others];
    const texts = all.map((one) => JSON.stringify(jsonOf(one)));
    const { statistics } = await this.#engine.call("mergeStatistics", [texts]);
    return statisticsOf(
      this.#engine,
      statistics,
      all.every((one) => one.isRealData),
    );
  }

  toJSON(): StatisticsJSON {
    return this.isRealData ? this.plain() : { ...this.plain(), [notRealField]: false };
  }

  /** As the engine reads it. */
  plain(): StatisticsJSON {
    if (this.#isDisposed) return refuse("DISPOSED", "these statistics were disposed");
    return this.#json;
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Of the engine's own text. */
export function statisticsOf(engine: Engine, text: string, isRealData: boolean): Statistics {
  return new StatisticsValue(engine, JSON.parse(text) as StatisticsJSON, isRealData);
}

export function jsonOf(statistics: Statistics): StatisticsJSON {
  if (statistics instanceof StatisticsValue) return statistics.plain();
  return refuse(
    "BAD_ARGUMENT",
    "the statistics are not Statistics",
    "calibrate(...) and parseStatistics(...) make them",
  );
}

/** Of a file; its ranges are checked when they are used. */
export function parseStatisticsFile(engine: Engine, source: string | StatisticsJSON): Statistics {
  let value: unknown = source;
  if (typeof source === "string") {
    try {
      value = JSON.parse(source);
    } catch (error) {
      return refuse("BAD_FILE", `this is not a file of statistics: ${messageOf(error)}`);
    }
  }
  if (!isStatistics(value)) return refuse("BAD_FILE", "this is not a file of statistics");
  const { [notRealField]: isReal, ...json } = value;
  return new StatisticsValue(engine, json as StatisticsJSON, isReal !== false);
}

function isStatistics(value: unknown): value is StatisticsJSON {
  if (typeof value !== "object" || value === null) return false;
  const { litequant, graphs } = value as Record<string, unknown>;
  const isGraph = (graph: unknown): boolean =>
    typeof graph === "object" && graph !== null && Number.isInteger((graph as { samples?: unknown }).samples);
  return litequant === "statistics" && Array.isArray(graphs) && graphs.every(isGraph);
}
