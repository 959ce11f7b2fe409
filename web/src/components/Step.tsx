import type { ComponentChildren } from "preact";

interface StepProps {
  readonly number: number;
  readonly title: string;
  /** What this step has come to, beside its title. */
  readonly outcome?: ComponentChildren;
  readonly isWaiting?: boolean;
  readonly children?: ComponentChildren;
}

/** A numbered step of the page. A waiting one needs an earlier step first. */
export function Step({ number, title, outcome, isWaiting = false, children }: StepProps) {
  const id = `step-${number}`;
  return (
    <section class={isWaiting ? "step waiting" : "step"} aria-labelledby={id}>
      <div class="step-head">
        <span class="step-number" aria-hidden="true">
          {number}
        </span>
        <h2 id={id}>{title}</h2>
        {outcome && <div class="step-outcome">{outcome}</div>}
      </div>
      {children}
    </section>
  );
}
