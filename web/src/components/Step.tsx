import type { ComponentChildren } from "preact";
import { type TextKey, text } from "../text.js";

export type StepNumber = 1 | 2 | 3 | 4 | 5;
export const stepTitles: Readonly<Record<StepNumber, TextKey>> = {
  1: "step.model",
  2: "step.samples",
  3: "step.recipe",
  4: "step.compare",
  5: "step.download",
};

interface StepProps {
  readonly number: StepNumber;
  /** What this step has come to, beside its title. */
  readonly outcome?: ComponentChildren;
  readonly isWaiting?: boolean;
  readonly children?: ComponentChildren;
}

/** A numbered step of the page. A waiting one needs an earlier step first. */
export function Step({ number, outcome, isWaiting = false, children }: StepProps) {
  const id = `step-${number}`;
  return (
    <section id={`section-${number}`} class={isWaiting ? "step waiting" : "step"} aria-labelledby={id} tabIndex={-1}>
      <div class="step-head">
        <span class="step-number" aria-hidden="true">
          {number}
        </span>
        <h2 id={id}>{text(stepTitles[number])}</h2>
        {outcome && <div class="step-outcome">{outcome}</div>}
      </div>
      {children}
    </section>
  );
}
