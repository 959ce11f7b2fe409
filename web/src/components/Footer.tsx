import type { EngineInfo } from "litequant";
import { bytesText } from "../numbers.js";
import { text } from "../text.js";

export function Footer({ engine }: { engine: EngineInfo | undefined }) {
  return (
    <footer>
      <p>{text("app.exact")}</p>
      {engine && (
        <p data-testid="engine" data-variant={engine.variant} data-thread={engine.thread}>
          {text("app.engine", {
            variant: text(engine.variant === "relaxed" ? "engine.relaxed" : "engine.simd"),
            thread: text(engine.thread === "worker" ? "engine.worker" : "engine.page"),
            memory: bytesText(engine.memoryBytes),
            version: engine.version,
          })}
        </p>
      )}
    </footer>
  );
}
