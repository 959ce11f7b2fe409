import { bytesText, decibelText, millisecondsText, percentText, ratioText } from "../numbers.js";
import { agreementUnit } from "../outputs.js";
import type { ModelState, Result } from "../state.js";
import { countText, text } from "../text.js";
import { Places } from "./Places.js";

/** The figures that decide: size, faithfulness, time. */
export function Summary({ float, result }: { float: ModelState; result: Result }) {
  const { model, report, latency } = result;
  const floatBytes = float.handle.byteLength;
  const unit = agreementUnit(float.description);
  const output = report?.outputs[0];
  return (
    <>
      <dl class="summary">
        <Figure
          name={text("figure.size")}
          value={bytesText(model.byteLength)}
          note={text("figure.sizeNote", {
            ratio: ratioText(floatBytes / model.byteLength),
            before: bytesText(floatBytes),
          })}
          share={model.byteLength / floatBytes}
        />
        {report?.agreement !== undefined && unit && (
          <Figure
            name={text("figure.agreement")}
            value={percentText(report.agreement)}
            note={countText(unit === "pixel" ? "figure.agreementPixels" : "figure.agreementNote", report.sampleCount)}
            share={report.agreement}
          />
        )}
        {report?.top1 && (
          <Figure
            name={text("figure.top1")}
            value={percentText(report.top1[1])}
            note={text("figure.floatWas", { value: percentText(report.top1[0]) })}
            share={report.top1[1]}
          />
        )}
        {output && (
          <Figure name={text("figure.sqnr")} value={decibelText(output.sqnrDb)} note={text("figure.sqnrNote")} />
        )}
        {latency && (
          <Figure
            name={text("figure.time")}
            value={millisecondsText(latency[1].medianMs)}
            note={text("figure.floatWas", { value: millisecondsText(latency[0].medianMs) })}
            share={latency[1].medianMs / Math.max(latency[0].medianMs, latency[1].medianMs)}
          />
        )}
      </dl>
      <Places title="compare.leftInFloat" places={model.leftInFloat} kind="warning" />
      <Places title="compare.warnings" places={model.warnings} kind="warning" />
      {report && !report.isRealData && <p class="warning">{text("compare.notReal")}</p>}
    </>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  /** In 0…1, drawn as a bar. */
  readonly share?: number;
}

function Figure({ name, value, note, share }: FigureProps) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class="figure-value">{value}</dd>
      <dd class="figure-note">{note}</dd>
      {share !== undefined && (
        <dd class="figure-bar" aria-hidden="true">
          <span style={{ inlineSize: `${Math.min(100, Math.max(1, share * 100))}%` }} />
        </dd>
      )}
    </div>
  );
}
