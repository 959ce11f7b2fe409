import { useEffect, useMemo, useState } from "preact/hooks";
import { agreementUnit } from "../outputs.js";
import { shownResult } from "../state.js";
import { type TextKey, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { ConfusionMatrix } from "./ConfusionMatrix.js";
import { LatencyBars } from "./LatencyBars.js";
import { NodeErrors } from "./NodeErrors.js";
import { Outputs } from "./Outputs.js";
import { Predictions } from "./Predictions.js";
import { ResultTable } from "./ResultTable.js";
import { Step } from "./Step.js";
import { Summary } from "./Summary.js";
import { Tabs } from "./Tabs.js";

type Tab = "predictions" | "confusion" | "outputs" | "nodes" | "latency";
const titles: Readonly<Record<Tab, TextKey>> = {
  predictions: "compare.predictions",
  confusion: "compare.confusion",
  outputs: "compare.outputs",
  nodes: "compare.nodes",
  latency: "compare.latency",
};

export function CompareStep({ workbench }: { workbench: Workbench }) {
  const { state } = workbench;
  const { model, samples, results, refusals } = state;
  const newest = shownResult(state);
  const result = useAfterwards(newest);
  const [wanted, setWanted] = useState<Tab>("predictions");
  const report = result?.report;
  const isBusy = state.work !== undefined;
  const isOfSamples = model !== undefined && agreementUnit(model.description) === "sample";
  const tabs: Tab[] = [
    ...(report && report.predictions.length > 0 && isOfSamples ? (["predictions"] as const) : []),
    ...(report?.predictions.some(({ label }) => label !== undefined) ? (["confusion"] as const) : []),
    ...(samples && result ? (["outputs"] as const) : []),
    ...(report && report.tensors.length > 0 ? (["nodes"] as const) : []),
    ...(result?.latency ? (["latency"] as const) : []),
  ];
  const tab = tabs.includes(wanted) ? wanted : tabs[0];
  // Progress redraws the page many times a second; tables of hundreds of rows are left alone meanwhile.
  const panel = useMemo(() => {
    if (!model || !result) return null;
    if (tab === "predictions" && report && samples)
      return <Predictions report={report} samples={samples} classNames={model.classNames} />;
    if (tab === "confusion" && report) return <ConfusionMatrix report={report} classNames={model.classNames} />;
    if (tab === "outputs" && samples)
      return <Outputs key={result.id} model={model} samples={samples} result={result} />;
    if (tab === "nodes" && report) return <NodeErrors workbench={workbench} result={result} report={report} />;
    if (tab === "latency" && result.latency) return <LatencyBars results={results} shownId={result.id} />;
    return null;
  }, [tab, result, samples, model, tab === "latency" && results, tab === "nodes" && isBusy, state.settings]);
  return (
    <Step number={4} outcome={newest && <strong>{newest.fileName}</strong>}>
      {model && newest && <Summary float={model} result={newest} />}
      {results.length + refusals.length > 1 && <ResultTable workbench={workbench} />}
      {!samples && <p class="notice">{text("compare.noSamples")}</p>}
      {tab && (
        <Tabs
          label={text("step.compare")}
          tabs={tabs.map((name) => [name, text(titles[name])] as const)}
          chosen={tab}
          onChoose={setWanted}
        >
          {panel}
        </Tabs>
      )}
    </Step>
  );
}

/** The same a task later: drawing it does not lengthen the task that brought it. */
function useAfterwards<T>(value: T): T | undefined {
  const [held, setHeld] = useState<T>();
  useEffect(() => {
    const timer = setTimeout(() => setHeld(value));
    return () => clearTimeout(timer);
  }, [value]);
  return held;
}
