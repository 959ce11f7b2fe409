// Steps that nobody needs before there is a result: their code is fetched after the first paint.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "../text.js";
import type { Workbench } from "../workbench.js";
import type * as later from "./later.js";
import { Step } from "./Step.js";

interface StepProps {
  readonly workbench: Workbench;
}

type Later = typeof later;

let fetched: Promise<Later> | undefined;
const fetchLater = () => (fetched ??= import("./later.js"));

function useLater(isNeeded: boolean): Later | undefined {
  const [parts, setParts] = useState<Later>();
  useEffect(() => {
    if (isNeeded) void fetchLater().then(setParts);
  }, [isNeeded]);
  return parts;
}

function deferred(number: 4 | 5, choose: (parts: Later) => ComponentType<StepProps>) {
  return function Deferred({ workbench }: StepProps) {
    const { results, refusals, model } = workbench.state;
    const parts = useLater(model !== undefined);
    const Part = parts && choose(parts);
    if (Part && results.length + refusals.length > 0) return <Part workbench={workbench} />;
    return (
      <Step number={number} isWaiting>
        <p class="placeholder">{text(number === 4 ? "compare.placeholder" : "download.placeholder")}</p>
      </Step>
    );
  };
}

export const CompareStep = deferred(4, (parts) => parts.CompareStep);
export const DownloadStep = deferred(5, (parts) => parts.DownloadStep);
