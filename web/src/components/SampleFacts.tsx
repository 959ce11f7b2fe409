import { percentText, valueText } from "../numbers.js";
import type { SamplesState } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { FileButton } from "./FileButton.js";
import { PreprocessingPanel } from "./PreprocessingPanel.js";
import { Thumbnail } from "./Thumbnail.js";

interface SampleFactsProps {
  readonly workbench: Workbench;
  readonly samples: SamplesState;
  readonly isBusy: boolean;
}

/** What the samples are, as the model gets them, and what is in doubt about them. */
export function SampleFacts({ workbench, samples, isBusy }: SampleFactsProps) {
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
