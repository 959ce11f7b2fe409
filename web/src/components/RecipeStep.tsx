import type { Mode } from "litequant";
import { modes } from "../recipes.js";
import { obstacleOf } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { AdvancedRecipe } from "./deferred.js";
import { ProgressPanel } from "./ProgressPanel.js";
import { Step } from "./Step.js";

export function RecipeStep({ workbench }: { workbench: Workbench }) {
  const { state } = workbench;
  const { model, loaded, work, settings } = state;
  const obstacle = obstacleOf(state);
  const isAnyPossible = modes.some((mode) => state.outlooks?.[mode].possible);
  const why =
    model && state.outlooks && !isAnyPossible
      ? text("obstacle.nothing")
      : obstacle === undefined || obstacle === "noModel" || obstacle === "noSamples"
        ? obstacle && text(`obstacle.${obstacle}`)
        : obstacle.reason;
  const isBusy = work !== undefined;
  const isQuantizing = work?.kind === "quantize" || work?.kind === "every";
  return (
    <Step number={3} isWaiting={!model} outcome={<code>{settings.recipe.mode}</code>}>
      {!model && <p class="placeholder">{text("recipe.placeholder")}</p>}
      <fieldset class="modes" disabled={isBusy}>
        <legend class="unseen">{text("column.mode")}</legend>
        {modes.map((mode) => (
          <ModeCard key={mode} mode={mode} workbench={workbench} />
        ))}
      </fieldset>
      {model && <AdvancedRecipe workbench={workbench} isBusy={isBusy} />}
      <div class="actions">
        <button
          type="button"
          class="button primary large"
          disabled={obstacle !== undefined || isBusy}
          aria-describedby={why ? "obstacle" : undefined}
          onClick={() => void workbench.quantize()}
        >
          {text("recipe.quantize")}
        </button>
        <button
          type="button"
          class="button large"
          disabled={!isAnyPossible || isBusy}
          onClick={() => void workbench.quantizeEvery()}
        >
          {text("recipe.every")}
        </button>
        {loaded && (
          <button type="button" class="button large" disabled={isBusy} onClick={() => void workbench.compareLoaded()}>
            {text("recipe.asLoaded")}
          </button>
        )}
        {why && !isQuantizing && (
          <p id="obstacle" class="obstacle">
            {why}
          </p>
        )}
      </div>
      {isQuantizing && <ProgressPanel work={work} />}
    </Step>
  );
}

function ModeCard({ mode, workbench }: { mode: Mode; workbench: Workbench }) {
  const { outlooks, settings } = workbench.state;
  const outlook = outlooks?.[mode];
  const left = outlook?.possible ? outlook.float.length : 0;
  return (
    <label class={outlook && !outlook.possible ? "mode impossible" : "mode"}>
      <input
        type="radio"
        name="mode"
        value={mode}
        checked={settings.recipe.mode === mode}
        onChange={() => void workbench.useRecipe({ mode })}
      />
      <span class="mode-title">{text(`mode.${mode}`)}</span>
      <span class="mode-text">{text(`mode.${mode}.more`)}</span>
      {outlook && !outlook.possible && <span class="mode-note">{text("recipe.impossible")}</span>}
      {left > 0 && (mode === "int8" || mode === "int16x8") && (
        <span class="mode-note">{countText("recipe.staysFloat", left)}</span>
      )}
    </label>
  );
}
