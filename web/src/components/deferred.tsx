// Parts that nobody needs before there is a model: their code is fetched then.
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

/** Nothing until its code is there. */
function part<P extends object>(choose: (parts: Later) => ComponentType<P>) {
  return function Part(props: P) {
    const parts = useLater(true);
    const Chosen = parts && choose(parts);
    return Chosen ? <Chosen {...props} /> : null;
  };
}

export const AdvancedRecipe = part((parts) => parts.AdvancedRecipe);
export const CameraButton = part((parts) => parts.CameraButton);
export const KeepPanel = part((parts) => parts.KeepPanel);
export const KeptOffer = part((parts) => parts.KeptOffer);
export const ModelDetails = part((parts) => parts.ModelDetails);
export const SampleFacts = part((parts) => parts.SampleFacts);
export const CompareStep = deferred(4, (parts) => parts.CompareStep);
export const DownloadStep = deferred(5, (parts) => parts.DownloadStep);
