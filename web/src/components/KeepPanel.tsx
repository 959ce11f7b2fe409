import { bytesText } from "../numbers.js";
import { text } from "../text.js";
import { type Workbench, canKeep } from "../workbench.js";

/** Whether the user's own model and samples are kept for the next visit, and a way to forget them. */
export function KeepPanel({ workbench, isBusy }: { workbench: Workbench; isBusy: boolean }) {
  const { kept, isKeeping } = workbench.state;
  if (!canKeep) return null;
  return (
    <div class="field-row">
      <label class="check">
        <input
          type="checkbox"
          checked={isKeeping}
          disabled={isBusy}
          onChange={(event) => void workbench.keepData(event.currentTarget.checked)}
        />
        {text("keep.label")}
      </label>
      <span class="faint">
        {kept && isKeeping ? text("keep.kept", { size: bytesText(kept.bytes) }) : text("keep.more")}
      </span>
    </div>
  );
}
