import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../state.js";
import { type TextKey, text } from "../text.js";

/** A plain sentence for each code; the engine's own words, which tell where, come below it. */
const sentences: Readonly<Record<string, TextKey>> = {
  BAD_FILE: "error.BAD_FILE",
  BAD_MODEL: "error.BAD_MODEL",
  TOO_LARGE: "error.TOO_LARGE",
  UNSUPPORTED_OPERATOR: "error.UNSUPPORTED_OPERATOR",
  UNSUPPORTED_TYPE: "error.UNSUPPORTED_TYPE",
  SHAPE_MISMATCH: "error.SHAPE_MISMATCH",
  BAD_SAMPLE: "error.BAD_SAMPLE",
  EMPTY_DATASET: "error.EMPTY_DATASET",
  NONFINITE_WEIGHT: "error.NONFINITE",
  NONFINITE_ACTIVATION: "error.NONFINITE",
  REFUSED: "error.REFUSED",
  OUT_OF_MEMORY: "error.OUT_OF_MEMORY",
  WORKER_LOST: "error.WORKER_LOST",
  ENGINE_NOT_LOADED: "error.ENGINE_NOT_LOADED",
};

export function ErrorCard({ failure, onDismiss }: { failure: Failure; onDismiss: () => void }) {
  const card = useRef<HTMLDivElement>(null);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    setCopied(false);
    card.current?.focus();
  }, [failure]);
  const { code, message, hint } = failure;
  const details = [`${code}: ${message}`, hint].filter(Boolean).join("\n");
  return (
    <div class="error-card" role="alert" tabIndex={-1} ref={card}>
      <p class="error-head">
        <strong>{text(sentences[code] ?? "error.other")}</strong> <code>{code}</code>
      </p>
      <p class="error-message" lang="en">
        {message}
      </p>
      {hint && (
        <p>
          <span class="error-hint">{text("error.whatToDo")}</span> <span lang="en">{hint}</span>
        </p>
      )}
      <div class="actions">
        <button type="button" class="button" onClick={onDismiss}>
          {text("action.close")}
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={() => void navigator.clipboard.writeText(details).then(() => setCopied(true))}
        >
          {text(isCopied ? "action.copied" : "action.copyDetails")}
        </button>
      </div>
    </div>
  );
}
