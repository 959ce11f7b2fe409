import type { State } from "../state.js";
import { text } from "../text.js";
import { type StepNumber, stepTitles } from "./Step.js";

/** Where one is: the five steps, each a link to its part of the page. */
export function Stepper({ state }: { state: State }) {
  const isDone: Readonly<Record<StepNumber, boolean>> = {
    1: state.model !== undefined,
    2: state.samples !== undefined,
    3: state.results.length > 0,
    4: state.results.some(({ report }) => report),
    5: false,
  };
  const numbers = [1, 2, 3, 4, 5] as const;
  const current = state.results.length > 0 ? 4 : !state.model ? 1 : !state.samples ? 2 : 3;
  return (
    <nav class="stepper" aria-label={text("app.steps")}>
      <ol>
        {numbers.map((number) => (
          <li key={number} class={isDone[number] ? "done" : undefined}>
            <a href={`#section-${number}`} {...(number === current ? { "aria-current": "step" as const } : {})}>
              <span class="stepper-mark" aria-hidden="true">
                {isDone[number] ? "✓" : number}
              </span>
              <span class="stepper-title">{text(stepTitles[number])}</span>
              {isDone[number] && <span class="unseen">{text("app.stepDone")}</span>}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
