import { bytesText, decibelText, millisecondsText, percentText, ratioText } from "../numbers.js";
import { agreementUnit } from "../outputs.js";
import { recipeNotes } from "../recipes.js";
import type { Result } from "../state.js";
import { type TextKey, text } from "../text.js";
import type { Workbench } from "../workbench.js";

interface Goal {
  readonly key: TextKey;
  /** Less is better; undefined where it was not measured. */
  readonly of: (result: Result) => number | undefined;
}

const goals: readonly Goal[] = [
  { key: "goal.smallest", of: ({ model }) => model.byteLength },
  {
    key: "goal.closest",
    of: ({ report }) => report && -(report.outputs[0]?.sqnrDb ?? Infinity),
  },
  { key: "goal.fastest", of: ({ latency }) => latency?.[1].medianMs },
];

/** The result that is best for each goal. */
function bestOf(results: readonly Result[]): ReadonlyMap<TextKey, number> {
  const best = new Map<TextKey, number>();
  for (const { key, of } of goals) {
    const measured = results.filter((result) => of(result) !== undefined);
    measured.sort((a, b) => Number(of(a)) - Number(of(b)));
    const [first] = measured;
    if (first && measured.length > 1) best.set(key, first.id);
  }
  return best;
}

/** All that was made of this model on these samples; choosing a row shows it. */
export function ResultTable({ workbench }: { workbench: Workbench }) {
  const { results, refusals, shownId, model } = workbench.state;
  const best = bestOf(results);
  const floatBytes = model?.handle.byteLength ?? 0;
  const hasAgreement = model !== undefined && agreementUnit(model.description) !== undefined;
  return (
    <div class="table-frame" role="region" aria-label={text("compare.results")} tabIndex={0}>
      <table class="results">
        <thead>
          <tr>
            <th scope="col">{text("column.mode")}</th>
            <th scope="col" class="number">
              {text("column.bytes")}
            </th>
            <th scope="col" class="number">
              {text("column.ratio")}
            </th>
            <th scope="col" class="number">
              SQNR
            </th>
            <th scope="col" class="number">
              {text("figure.agreement")}
            </th>
            <th scope="col" class="number">
              {text("figure.top1")}
            </th>
            <th scope="col" class="number">
              {text("column.time")}
            </th>
            <th scope="col" class="number">
              {text("column.inFloat")}
            </th>
          </tr>
        </thead>
        <tbody>
          {results.map((result) => {
            const { id, recipe, model: made, report, latency, fileName } = result;
            const won = [...best].filter(([, winner]) => winner === id).map(([key]) => key);
            return (
              <tr key={id} class={id === shownId ? "shown" : undefined}>
                <th scope="row">
                  <button type="button" class="link" aria-pressed={id === shownId} onClick={() => workbench.show(id)}>
                    {recipe ? recipe.mode : fileName}
                  </button>{" "}
                  {recipe && <span class="faint">{recipeNotes(recipe).join(", ")}</span>}
                  {won.map((key) => (
                    <span key={key} class="tag best">
                      {text(key)}
                    </span>
                  ))}
                </th>
                <td class="number">{bytesText(made.byteLength)}</td>
                <td class="number">{ratioText(floatBytes / made.byteLength)}</td>
                <td class="number">{report ? decibelText(report.outputs[0]?.sqnrDb ?? null) : ""}</td>
                <td class="number">
                  {hasAgreement && report?.agreement !== undefined ? percentText(report.agreement) : ""}
                </td>
                <td class="number">{report?.top1 ? percentText(report.top1[1]) : ""}</td>
                <td class="number">{latency ? millisecondsText(latency[1].medianMs) : ""}</td>
                <td class="number">{made.leftInFloat.length}</td>
              </tr>
            );
          })}
          {refusals.map(({ recipe, message }) => (
            <tr key={recipe.mode}>
              <th scope="row">{recipe.mode}</th>
              <td colSpan={7} class="refusal">
                <span lang="en">{message}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
