import type { Latency } from "../latency.js";
import { millisecondsNumber } from "../numbers.js";
import type { Result } from "../state.js";
import { text } from "../text.js";

interface Bar {
  readonly key: string;
  readonly name: string;
  readonly latency: Latency;
  readonly isShown: boolean;
}

/** Time per inference of the float model and of all results: bars are medians, whiskers go from p10 to p90. */
export function LatencyBars({ results, shownId }: { results: readonly Result[]; shownId: number }) {
  const [first] = results.filter(({ latency }) => latency);
  if (!first?.latency) return null;
  const bars: Bar[] = [
    { key: "float", name: text("column.float"), latency: first.latency[0], isShown: false },
    ...results.flatMap(({ id, recipe, fileName, latency }) =>
      latency
        ? [{ key: String(id), name: recipe?.mode ?? fileName, latency: latency[1], isShown: id === shownId }]
        : [],
    ),
  ];
  const most = (of: (latency: Latency) => number) => Math.max(...bars.map(({ latency }) => of(latency)));
  const longest = most(({ p90Ms }) => p90Ms);
  const width = (ms: number) => `${(100 * ms) / longest}%`;
  return (
    <>
      <p class="faint">
        {text("latency.caption", { times: most(({ times }) => times), runs: most(({ together }) => together) })}
      </p>
      <table class="latency">
        <thead>
          <tr>
            <th scope="col">{text("column.mode")}</th>
            <th scope="col" class="latency-chart">
              <span class="unseen">{text("latency.chart")}</span>
            </th>
            <th scope="col" class="number">
              p10
            </th>
            <th scope="col" class="number">
              {text("latency.median")}
            </th>
            <th scope="col" class="number">
              p90
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.map(({ key, name, latency: { p10Ms, medianMs, p90Ms }, isShown }) => (
            <tr key={key} class={isShown ? "shown" : undefined}>
              <th scope="row">{name}</th>
              <td class="latency-chart">
                <span class="latency-bar" aria-hidden="true">
                  <span class={key === "float" ? "fill float" : "fill"} style={{ inlineSize: width(medianMs) }} />
                  <span class="whisker" style={{ insetInlineStart: width(p10Ms), inlineSize: width(p90Ms - p10Ms) }} />
                </span>
              </td>
              <td class="number">{millisecondsNumber(p10Ms)}</td>
              <td class="number">{millisecondsNumber(medianMs)}</td>
              <td class="number">{millisecondsNumber(p90Ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="faint">{text("latency.note")}</p>
    </>
  );
}
