import { bytesText } from "../numbers.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";

/** At the start: what is there from the last visit. */
export function KeptOffer({ workbench, isBusy }: { workbench: Workbench; isBusy: boolean }) {
  const { kept, model } = workbench.state;
  if (!kept || model) return null;
  return (
    <div class="notice">
      <p>
        {text("keep.found")} <strong class="name">{kept.model}</strong>, {countText("keep.samples", kept.samples)},{" "}
        {bytesText(kept.bytes)}.
      </p>
      <div class="actions">
        <button type="button" class="button primary" disabled={isBusy} onClick={() => void workbench.openKept()}>
          {text("keep.open")}
        </button>
        <button type="button" class="button" disabled={isBusy} onClick={() => void workbench.forgetKept()}>
          {text("keep.forget")}
        </button>
      </div>
    </div>
  );
}
