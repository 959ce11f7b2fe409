import type { Phase } from "litequant";
import { timeLeftText } from "../numbers.js";
import type { Work } from "../workbench.js";

const phaseTexts: Record<Phase, string> = {
  load: "Loading",
  read: "Reading samples",
  calibrate: "Calibrating",
  quantize: "Quantizing",
  compare: "Comparing with the float model",
};

export function ProgressBar({ work: { title, progress, cancel } }: { work: Work }) {
  const total = progress?.total;
  const text = progress ? phaseTexts[progress.phase] : title;
  const count = progress && total ? ` ${progress.done} of ${total}` : "";
  const left = progress?.remainingMs ? `, ${timeLeftText(progress.remainingMs)}` : "";
  return (
    <div class="progress">
      <progress aria-label={text} max={total ?? 1} {...(progress && total ? { value: progress.done } : {})} />
      <span>
        {text}
        {count}
        {left}
      </span>
      <button type="button" class="button quiet" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
