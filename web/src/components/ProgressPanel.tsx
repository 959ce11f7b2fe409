import { timeLeftText } from "../numbers.js";
import type { Work } from "../state.js";
import { countText, text } from "../text.js";

/** The phases of the work that goes on, how far the present one is, and how to end it. */
export function ProgressPanel({ work: { kind, subject, phases, phase, progress, workers, cancel } }: { work: Work }) {
  const at = phase ? phases.indexOf(phase) : -1;
  const total = progress?.total;
  const current = phase ? text(`phase.${phase}`) : text(`work.${kind}`, { name: subject });
  return (
    <div class="progress">
      <ol class="phases">
        {phases.map((name, index) => (
          <li key={name} class={index < at ? "done" : index === at ? "current" : undefined}>
            <span aria-hidden="true">{index < at ? "✓" : index === at ? "▸" : "·"}</span> {text(`phase.${name}`)}
          </li>
        ))}
      </ol>
      <progress aria-label={current} max={total ?? 1} {...(total ? { value: progress.done } : {})} />
      <div class="actions">
        <span class="progress-text">
          {kind === "every" && subject && <code>{subject} </code>}
          {current}
          {total ? ` ${text("progress.of", { done: progress.done, total })}` : ""}
          {workers > 1 && ` ${countText("progress.workers", workers)}`}
          {progress?.remainingMs ? `, ${timeLeftText(progress.remainingMs)}` : ""}
        </span>
        <button type="button" class="button" onClick={cancel}>
          {text("action.cancel")}
        </button>
      </div>
    </div>
  );
}
