import type { NodeSelector, Recipe } from "litequant";
import { granularities, inputOutputTypes, options, recipeNotes, targets } from "../recipes.js";
import { text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { Choice } from "./Choice.js";

interface AdvancedRecipeProps {
  readonly workbench: Workbench;
  readonly isBusy: boolean;
}

/** The recipe's other choices; those that the mode does not know are left out. */
export function AdvancedRecipe({ workbench, isBusy }: AdvancedRecipeProps) {
  const { recipe } = workbench.state.settings;
  const { mode } = recipe;
  const types = inputOutputTypes[mode];
  const use = (changes: Partial<Recipe>) => void workbench.useRecipe(changes);
  const notes = recipeNotes(recipe);
  return (
    <details class="disclosure">
      <summary>
        <h3>{text("recipe.advanced")}</h3>
        {notes.length > 0 && <span class="faint">{notes.join(", ")}</span>}
      </summary>
      <div class="disclosure-body">
        <div class="form-grid">
          <Choice
            label={text("recipe.target")}
            value={recipe.target ?? "tflite"}
            isDisabled={isBusy}
            choices={targets.map((target) => [target, text(`target.${target}`)] as const)}
            onChange={(target) => use({ target })}
          />
          {types.length > 1 && (
            <Choice
              label={text("recipe.io")}
              value={recipe.io && types.includes(recipe.io) ? recipe.io : (types[0] ?? "float32")}
              isDisabled={isBusy}
              choices={types.map((type) => [type, type] as const)}
              onChange={(io) => use({ io })}
            />
          )}
          {options.weights(mode) && (
            <Choice
              label={text("recipe.weights")}
              value={recipe.weights ?? "per-channel"}
              isDisabled={isBusy}
              choices={granularities.map((name) => [name, text(`weights.${name}`)] as const)}
              onChange={(weights) => use({ weights })}
            />
          )}
          {options.minimumElements(mode) && (
            <div class="field">
              <label for="minimum-elements">{text("recipe.minimumElements")}</label>
              <input
                id="minimum-elements"
                type="number"
                min="0"
                max="1000000"
                disabled={isBusy}
                placeholder={mode === "float16" ? "128" : "1024"}
                value={recipe.minimumElements ?? ""}
                onChange={({ currentTarget: { value, valueAsNumber } }) =>
                  use({ minimumElements: value === "" ? undefined : Math.max(0, Math.floor(valueAsNumber)) } as Recipe)
                }
              />
            </div>
          )}
        </div>
        {options.symmetricActivations(mode) && (
          <Check
            label={text("recipe.symmetric")}
            isChecked={recipe.symmetricActivations ?? false}
            isDisabled={isBusy}
            onChange={(symmetricActivations) => use({ symmetricActivations })}
          />
        )}
        {options.weightsOnly(mode) && (
          <Check
            label={text("recipe.weightsOnly")}
            isChecked={recipe.weightsOnly ?? false}
            isDisabled={isBusy}
            onChange={(weightsOnly) => use({ weightsOnly })}
          />
        )}
        {options.keepFloat(mode) && (
          <Selectors
            label={text("recipe.keepFloat")}
            selectors={recipe.keepFloat ?? []}
            isDisabled={isBusy}
            onChange={(keepFloat) => use({ keepFloat })}
          />
        )}
        {options.keepInt16(mode) && (
          <Selectors
            label={text("recipe.keepInt16")}
            selectors={recipe.keepInt16 ?? []}
            isDisabled={isBusy}
            onChange={(keepInt16) => use({ keepInt16 })}
          />
        )}
      </div>
    </details>
  );
}

interface CheckProps {
  readonly label: string;
  readonly isChecked: boolean;
  readonly isDisabled: boolean;
  readonly onChange: (value: boolean) => void;
}

function Check({ label, isChecked, isDisabled, onChange }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} disabled={isDisabled} onChange={() => onChange(!isChecked)} />
      {label}
    </label>
  );
}

interface SelectorsProps {
  readonly label: string;
  readonly selectors: readonly NodeSelector[];
  readonly isDisabled: boolean;
  readonly onChange: (selectors: readonly string[]) => void;
}

/** Operators by number, name or result, one a line. */
function Selectors({ label, selectors, isDisabled, onChange }: SelectorsProps) {
  const lines = selectors.map((selector) =>
    typeof selector === "object" ? JSON.stringify(selector) : String(selector),
  );
  return (
    <div class="field">
      <label>
        {label}
        <textarea
          rows={Math.min(6, Math.max(2, lines.length))}
          spellcheck={false}
          disabled={isDisabled}
          placeholder={text("recipe.selectors")}
          value={lines.join("\n")}
          onChange={({ currentTarget: { value } }) =>
            onChange(
              value
                .split("\n")
                .map((line) => line.trim())
                .filter((line) => line !== ""),
            )
          }
        />
      </label>
    </div>
  );
}
