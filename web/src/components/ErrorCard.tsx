import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../workbench.js";

export function ErrorCard({ failure, onDismiss }: { failure: Failure; onDismiss: () => void }) {
  const card = useRef<HTMLDivElement>(null);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    setCopied(false);
    card.current?.focus();
  }, [failure]);
  const details = [`${failure.code}: ${failure.message}`, failure.hint].filter(Boolean).join("\n");
  return (
    <div class="error-card" role="alert" tabIndex={-1} ref={card}>
      <p class="error-code">{failure.code}</p>
      <p class="error-message">{failure.message}</p>
      {failure.hint && <p>{failure.hint}</p>}
      <div class="actions">
        <button type="button" class="button" onClick={onDismiss}>
          Close
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={() => void navigator.clipboard.writeText(details).then(() => setCopied(true))}
        >
          {isCopied ? "Copied" : "Copy details"}
        </button>
      </div>
    </div>
  );
}
