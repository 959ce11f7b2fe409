import { bytesText, decibelText, millisecondsText, percentText, ratioText } from "../numbers.js";
import type { ResultState, Workbench } from "../workbench.js";
import { Predictions } from "./Predictions.js";
import { Step } from "./Step.js";
import { TensorErrors } from "./TensorErrors.js";

export function ResultStep({ workbench }: { workbench: Workbench }) {
  const { model, result } = workbench.state;
  return (
    <Step number={4} title="Result" isWaiting={!result} outcome={result && <strong>{result.fileName}</strong>}>
      {model && result ? (
        <>
          <Summary floatBytes={model.handle.byteLength} result={result} />
          <div class="actions">
            <button type="button" class="button primary large" onClick={() => download(result)}>
              Download {bytesText(result.bytes.byteLength)}
            </button>
          </div>
          {result.report && (
            <>
              <Predictions report={result.report} pictures={result.pictures} classNames={model.classNames} />
              <TensorErrors report={result.report} />
            </>
          )}
        </>
      ) : (
        <p class="placeholder">Size, accuracy and speed of the quantized model beside the float one.</p>
      )}
    </Step>
  );
}

function Summary({ floatBytes, result }: { floatBytes: number; result: ResultState }) {
  const { bytes, report, latency } = result;
  const output = report?.outputs[0];
  return (
    <dl class="summary">
      <Figure
        name="Size"
        value={bytesText(bytes.byteLength)}
        note={`${ratioText(floatBytes / bytes.byteLength)} smaller`}
      />
      {report?.agreement !== undefined && (
        <Figure name="Agreement" value={percentText(report.agreement)} note={`of ${report.sampleCount} samples`} />
      )}
      {report?.top1 && (
        <Figure name="Top-1" value={percentText(report.top1[1])} note={`float ${percentText(report.top1[0])}`} />
      )}
      {output && <Figure name="Output SQNR" value={decibelText(output.sqnrDb)} note="signal to quantization noise" />}
      <Figure
        name="Time per inference"
        value={millisecondsText(latency[1])}
        note={`float ${millisecondsText(latency[0])}`}
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd class="figure-value">{value}</dd>
      <dd class="figure-note">{note}</dd>
    </div>
  );
}

function download({ bytes, fileName }: ResultState): void {
  const address = URL.createObjectURL(new Blob([bytes as BlobPart], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
