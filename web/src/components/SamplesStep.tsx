import type { Chosen } from "../dropped.js";
import { percentText, valueText } from "../numbers.js";
import type { SamplesState } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { CameraButton } from "./Camera.js";
import { FileButton } from "./FileButton.js";
import { KeepPanel } from "./KeepPanel.js";
import { PreprocessingPanel } from "./PreprocessingPanel.js";
import { Step } from "./Step.js";
import { Thumbnail } from "./Thumbnail.js";

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

interface SampleFactsProps {
  readonly workbench: Workbench;
  readonly samples: SamplesState;
  readonly isBusy: boolean;
}

function SampleFacts({ workbench, samples, isBusy }: SampleFactsProps) {
  const { origin, calibration, evaluation, labels, thumbnails, spread, guess } = samples;
  const isGuessed = guess !== undefined && guess.rows.length > 0;
  // What the package says of normalisation is for its own callers: the page has words and a panel for it.
  const warnings = [...new Set([...calibration.warnings, ...evaluation.warnings])].filter(
    (warning) => !warning.includes("normalised"),
  );
  const isUntold = calibration.warnings.some((warning) => warning.includes("normalised")) && !isGuessed;
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} class="warning" lang="en">
          {warning}
        </p>
      ))}
      {isUntold && <p class="warning">{text("guess.usual")}</p>}
      {isGuessed && (
        <p class={guess.isInDoubt ? "warning" : "notice"}>
          {text(guess.isInDoubt ? "guess.doubt" : "guess.clear", {
            first: guess.rows[0]?.name ?? "",
            confidence: percentText(guess.rows[0]?.confidence ?? 0),
            second: guess.rows[1]?.name ?? "",
            other: percentText(guess.rows[1]?.confidence ?? 0),
          })}
        </p>
      )}
      <figure class="thumbnails">
        <div class="thumbnail-row">
          {thumbnails.map((pixels, i) => (
            <Thumbnail key={i} pixels={pixels} />
          ))}
        </div>
        <figcaption>
          {text(`samples.from.${origin}`)} {text("samples.drawn")}
          {spread &&
            ` ${text("samples.spread", {
              least: valueText(spread.least),
              mean: valueText(spread.mean),
              most: valueText(spread.most),
            })}`}
        </figcaption>
      </figure>
      <div class="field-row">
        <span class="faint">{labels ? countText("samples.labelled", labels.length) : text("samples.unlabelled")}</span>
        <FileButton
          testId="label-file"
          accept=".txt,.json,.npy"
          disabled={isBusy}
          onFile={(file) => void workbench.openLabels(file)}
        >
          {text("samples.labelFile")}
        </FileButton>
      </div>
      {calibration.image && <PreprocessingPanel workbench={workbench} samples={samples} isBusy={isBusy} />}
    </>
  );
}
