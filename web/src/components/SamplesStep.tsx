import type { Chosen } from "../dropped.js";
import { countText } from "../numbers.js";
import { type NormalizationName, type SamplesState, type Workbench, normalizations } from "../workbench.js";
import { FileButton } from "./FileButton.js";
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
      title="Samples"
      isWaiting={!model}
      outcome={samples && `${countText(samples.calibration.length, "sample")} to calibrate on`}
    >
      <div class="chooser">
        <p>
          A hundred real inputs, to learn the ranges of the model's values and to see what quantization changes:
          pictures (a folder for each class gives labels), .npy or .npz.
        </p>
        <div class="actions">
          <FileButton testId="sample-folder" folder disabled={isBusy} onChosen={onChosen}>
            Choose a folder
          </FileButton>
          <FileButton testId="sample-files" multiple disabled={isBusy} onChosen={onChosen}>
            Choose files
          </FileButton>
        </div>
      </div>
      {samples && <SampleFacts workbench={workbench} samples={samples} isBusy={isBusy} />}
    </Step>
  );
}

interface SampleFactsProps {
  readonly workbench: Workbench;
  readonly samples: SamplesState;
  readonly isBusy: boolean;
}

function SampleFacts({ workbench, samples, isBusy }: SampleFactsProps) {
  const { title, calibration, evaluation, labels, thumbnails } = samples;
  const image = calibration.image;
  const warnings = [...new Set([...calibration.warnings, ...evaluation.warnings])];
  return (
    <>
      {warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      {image && (
        <div class="field-row">
          <label for="normalization">Pixel values become</label>
          <select
            id="normalization"
            disabled={isBusy}
            value={workbench.state.normalization}
            onChange={(event) => void workbench.useNormalization(event.currentTarget.value as NormalizationName)}
          >
            {Object.keys(normalizations).map((name) => (
              <option key={name} value={name}>
                {name === "auto" ? "what the model's metadata says, else -1…1" : name}
              </option>
            ))}
          </select>
        </div>
      )}
      {thumbnails.length > 0 && (
        <figure class="thumbnails">
          <div class="thumbnail-row">
            {thumbnails.map((pixels, i) => (
              <Thumbnail key={i} pixels={pixels} />
            ))}
          </div>
          <figcaption>
            {title}
            {image && `, as the model sees them: ${image.width} × ${image.height}`}
            {labels && `. ${countText(evaluation.length, "labelled picture")} to compare on`}
          </figcaption>
        </figure>
      )}
    </>
  );
}
