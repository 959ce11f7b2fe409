import { millisecondsText } from "../numbers.js";
import type { Latency, Result } from "../state.js";
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
  const most = Math.max(...bars.map(({ latency }) => latency.p90Ms));
  const width = (ms: number) => `${(100 * ms) / most}%`;
  return (
    <>
      <table class="latency">
        <caption>{text("latency.caption", { runs: first.latency[1].runs })}</caption>
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
              <td class="number">{millisecondsText(p10Ms)}</td>
              <td class="number">{millisecondsText(medianMs)}</td>
              <td class="number">{millisecondsText(p90Ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="faint">{text("latency.note")}</p>
    </>
  );
}
