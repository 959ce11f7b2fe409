import { percentText } from "../numbers.js";
import { type Preprocessing, normalizationNames } from "../pictures.js";
import type { SamplesState } from "../state.js";
import { text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { Choice } from "./Choice.js";

interface PreprocessingPanelProps {
  readonly workbench: Workbench;
  readonly samples: SamplesState;
  readonly isBusy: boolean;
}

const sides = ["64", "96", "128", "224", "320", "512"] as const;

/** How pictures become tensors, and where each choice comes from. */
export function PreprocessingPanel({ workbench, samples: { calibration, guess }, isBusy }: PreprocessingPanelProps) {
  const { preprocessing, model } = workbench.state;
  const image = calibration.image;
  const [input] = model?.description.signatures[0]?.inputs ?? [];
  const origin = input?.normalization ? "metadata" : guess && guess.rows.length > 0 ? "guess" : "usual";
  const use = (changes: Partial<Preprocessing>) => void workbench.usePreprocessing(changes);
  return (
    <details
      class="disclosure"
      open={guess?.isInDoubt || (origin === "usual" && preprocessing.normalization === "auto")}
    >
      <summary>
        <h3>{text("preprocessing.title")}</h3>
        <span class="faint">
          {image && `${image.width} × ${image.height}, ${(image.order ?? "rgb").toUpperCase()}, `}
          {preprocessing.normalization === "auto"
            ? text(`preprocessing.auto.${origin}`, { name: guess?.rows[0]?.name ?? "-1…1" })
            : preprocessing.normalization}
        </span>
      </summary>
      <div class="disclosure-body">
        <div class="form-grid">
          <Choice
            label={text("preprocessing.normalization")}
            value={preprocessing.normalization}
            isDisabled={isBusy}
            choices={[
              ["auto", text(`preprocessing.auto.${origin}`, { name: guess?.rows[0]?.name ?? "-1…1" })],
              ...normalizationNames.map((name) => [name, name] as const),
            ]}
            onChange={(normalization) => use({ normalization })}
          />
          <Choice
            label={text("preprocessing.resize")}
            value={preprocessing.resize}
            isDisabled={isBusy}
            choices={[
              ["stretch", text("preprocessing.stretch")],
              ["cover", text("preprocessing.cover")],
            ]}
            onChange={(resize) => use({ resize })}
          />
          <Choice
            label={text("preprocessing.crop")}
            value={String(preprocessing.crop)}
            isDisabled={isBusy}
            choices={[
              ["1", text("preprocessing.noCrop")],
              ["0.875", percentText(0.875)],
            ]}
            onChange={(crop) => use({ crop: Number(crop) })}
          />
          <Choice
            label={text("preprocessing.order")}
            value={preprocessing.order}
            isDisabled={isBusy}
            choices={[
              ["rgb", "RGB"],
              ["bgr", "BGR"],
            ]}
            onChange={(order) => use({ order })}
          />
          {input?.shapeSignature?.slice(1, 3).includes(-1) && (
            <Choice
              label={text("preprocessing.side")}
              value={String(preprocessing.side)}
              isDisabled={isBusy}
              choices={sides.map((side) => [side, `${side} × ${side}`] as const)}
              onChange={(side) => use({ side: Number(side) })}
            />
          )}
        </div>
        {guess && guess.rows.length > 0 && (
          <table class="narrow">
            <caption>{text("guess.explained")}</caption>
            <thead>
              <tr>
                <th scope="col">{text("preprocessing.normalization")}</th>
                <th scope="col">{text("guess.confidence")}</th>
                <th scope="col" class="number">
                  {text("guess.firstLayer")}
                </th>
              </tr>
            </thead>
            <tbody>
              {guess.rows.map(({ name, confidence, firstLayer }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <span class="bar-row">
                      <meter aria-hidden="true" min={0} max={1} value={confidence} />
                      {percentText(confidence)}
                    </span>
                  </td>
                  <td class="number">{percentText(firstLayer)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </details>
  );
}
