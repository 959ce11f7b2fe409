import type { Chosen } from "../dropped.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { CameraButton, KeepPanel, SampleFacts } from "./deferred.js";
import { FileButton } from "./FileButton.js";
import { Step } from "./Step.js";

interface SamplesStepProps {
  readonly workbench: Workbench;
  readonly onChosen: (chosen: Chosen) => void;
}

export function SamplesStep({ workbench, onChosen }: SamplesStepProps) {
  const { model, samples, work } = workbench.state;
  const isBusy = work !== undefined;
  return (
    <Step
      number={2}
      isWaiting={!model}
      outcome={
        samples && <span data-testid="sample-count">{countText("count.samples", samples.calibration.length)}</span>
      }
    >
      <div class="chooser">
        {!samples && <p>{text(model ? "samples.lead" : "samples.placeholder")}</p>}
        <div class="actions">
          <FileButton testId="sample-folder" folder disabled={isBusy} onChosen={onChosen}>
            {text("samples.folder")}
          </FileButton>
          <FileButton testId="sample-files" multiple disabled={isBusy} onChosen={onChosen}>
            {text("samples.files")}
          </FileButton>
          {model && <CameraButton workbench={workbench} isBusy={isBusy} />}
          {model && !samples && (
            <button
              type="button"
              class="button quiet"
              disabled={isBusy}
              onClick={() => void workbench.useRandomSamples()}
            >
              {text("samples.random")}
            </button>
          )}
          {work?.kind === "read" && <span class="working">{text("work.read")}</span>}
        </div>
      </div>
      {samples && <SampleFacts workbench={workbench} samples={samples} isBusy={isBusy} />}
      {model && !model.example && <KeepPanel workbench={workbench} isBusy={isBusy} />}
    </Step>
  );
}
