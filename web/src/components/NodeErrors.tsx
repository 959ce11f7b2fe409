import type { Report, TensorReport } from "litequant";
import { useState } from "preact/hooks";
import { decibelText } from "../numbers.js";
import { options } from "../recipes.js";
import type { Result } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { TensorPanel } from "./TensorPanel.js";

const barFullAt = 60; // dB
const firstShown = 100;

type Column = "node" | "sqnr" | "rmse";
const valueOf: Readonly<Record<Column, (tensor: TensorReport) => number>> = {
  node: ({ node }) => node,
  sqnr: ({ sqnrDb }) => sqnrDb ?? Infinity,
  rmse: ({ rmseOverScale }) => -rmseOverScale,
};

interface NodeErrorsProps {
  readonly workbench: Workbench;
  readonly result: Result;
  readonly report: Report;
}

/** The error of each node's result; marked nodes stay in float, or in int16, when the model is quantized again. */
export function NodeErrors({ workbench, result, report: { tensors } }: NodeErrorsProps) {
  const [column, setColumn] = useState<Column>("node");
  const [isAll, setAll] = useState(false);
  const [chosen, setChosen] = useState<string>();
  const { model, samples } = workbench.state;
  const { recipe: settings } = workbench.state.settings;
  const mode = result.recipe?.mode ?? settings.mode;
  const isBusy = workbench.state.work !== undefined;
  const sorted = [...tensors].sort((a, b) => valueOf[column](a) - valueOf[column](b));
  const shown = isAll ? sorted : sorted.slice(0, firstShown);
  const kept = { keepFloat: settings.keepFloat ?? [], keepInt16: settings.keepInt16 ?? [] };
  const changed = kept.keepFloat.length + kept.keepInt16.length;
  const toggle = (list: "keepFloat" | "keepInt16", name: string) => {
    const other = list === "keepFloat" ? "keepInt16" : "keepFloat";
    const isKept = kept[list].includes(name);
    void workbench.useRecipe({
      mode,
      [list]: isKept ? kept[list].filter((one) => one !== name) : [...kept[list], name],
      [other]: kept[other].filter((one) => one !== name),
    });
  };
  const head = (name: Column, title: string) => (
    <th scope="col" aria-sort={column === name ? "ascending" : "none"}>
      <button type="button" class="sort" onClick={() => setColumn(name)}>
        {title} <span aria-hidden="true">{column === name ? "▾" : "▿"}</span>
      </button>
    </th>
  );
  return (
    <>
      <div class="actions">
        <p class="faint grow">{text("nodes.lead")}</p>
        {changed > 0 && (
          <button type="button" class="button primary" disabled={isBusy} onClick={() => void workbench.quantize()}>
            {countText("nodes.again", changed)}
          </button>
        )}
      </div>
      {chosen !== undefined && model && samples && (
        <TensorPanel
          model={model}
          samples={samples}
          result={result}
          name={chosen}
          onClose={() => setChosen(undefined)}
        />
      )}
      <div class="table-frame" role="region" aria-label={text("compare.nodes")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {head("node", text("column.node"))}
              <th scope="col">{text("column.tensor")}</th>
              {head("sqnr", "SQNR")}
              {head("rmse", text("column.rmse"))}
              <th scope="col">{text("column.keep")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ name, operator, node, sqnrDb, rmseOverScale, type }) => (
              <tr key={name}>
                <td class="node-cell">
                  {operator || text("nodes.input")} <span class="faint">{node >= 0 ? node : ""}</span>
                </td>
                <td class="tensor-name" title={name}>
                  {operator ? (
                    <button
                      type="button"
                      class="link"
                      aria-pressed={name === chosen}
                      onClick={() => setChosen(name === chosen ? undefined : name)}
                    >
                      {name}
                    </button>
                  ) : (
                    name
                  )}{" "}
                  <span class="faint">{type}</span>
                </td>
                <td>
                  <span class="bar-row">
                    <meter
                      aria-hidden="true"
                      min={0}
                      max={barFullAt}
                      low={15}
                      high={30}
                      optimum={barFullAt}
                      value={Math.max(0, sqnrDb ?? barFullAt)}
                    />
                    {decibelText(sqnrDb)}
                  </span>
                </td>
                <td class="number">{rmseOverScale > 0 ? rmseOverScale.toFixed(2) : ""}</td>
                <td class="keep-cell">
                  {operator && options.keepFloat(mode) && (
                    <Keep
                      title="float"
                      name={name}
                      isKept={kept.keepFloat.includes(name)}
                      isDisabled={isBusy}
                      onToggle={() => toggle("keepFloat", name)}
                    />
                  )}
                  {operator && options.keepInt16(mode) && (
                    <Keep
                      title="int16"
                      name={name}
                      isKept={kept.keepInt16.includes(name)}
                      isDisabled={isBusy}
                      onToggle={() => toggle("keepInt16", name)}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < sorted.length && (
        <button type="button" class="button quiet" onClick={() => setAll(true)}>
          {countText("compare.showAll", sorted.length)}
        </button>
      )}
    </>
  );
}

interface KeepProps {
  readonly title: string;
  readonly name: string;
  readonly isKept: boolean;
  readonly isDisabled: boolean;
  readonly onToggle: () => void;
}

function Keep({ title, name, isKept, isDisabled, onToggle }: KeepProps) {
  return (
    <button
      type="button"
      class="keep"
      aria-pressed={isKept}
      aria-label={text("nodes.keep", { name, type: title })}
      disabled={isDisabled}
      onClick={onToggle}
    >
      {title}
    </button>
  );
}
