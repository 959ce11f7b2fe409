import type { Dataset, Pixels, Prediction, Report, ScoredClass } from "litequant";
import { useEffect, useState } from "preact/hooks";
import { scoreText } from "../numbers.js";
import type { SamplesState } from "../state.js";
import { countText, text } from "../text.js";
import { Thumbnail } from "./Thumbnail.js";

const firstShown = 24;

interface PredictionsProps {
  readonly report: Report;
  readonly samples: SamplesState;
  readonly classNames: readonly string[];
}

const topClasses = ({ classes }: Prediction) => [classes[0][0], classes[1][0]] as const;
const agrees = (prediction: Prediction) => topClasses(prediction)[0]?.index === topClasses(prediction)[1]?.index;

/** What both models say of each sample, side by side. */
export function Predictions({ report, samples: { evaluation }, classNames }: PredictionsProps) {
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [isAll, setAll] = useState(false);
  const rows = report.predictions.map((prediction, index) => ({ prediction, index }));
  const different = rows.filter(({ prediction }) => !agrees(prediction));
  const chosen = onlyDifferent ? different : rows;
  const shown = isAll ? chosen : chosen.slice(0, firstShown);
  const name = (index: number) => classNames[index] ?? text("compare.class", { number: String(index) });
  const isLabelled = rows.some(({ prediction }) => prediction.label !== undefined);
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={onlyDifferent} onChange={() => setOnlyDifferent(!onlyDifferent)} />
        {countText("compare.onlyDifferent", different.length)}
      </label>
      <div class="table-frame" role="region" aria-label={text("compare.predictions")} tabIndex={0}>
        <table class="predictions">
          <thead>
            <tr>
              <th scope="col">{text("column.sample")}</th>
              {isLabelled && <th scope="col">{text("column.label")}</th>}
              <th scope="col">{text("column.float")}</th>
              <th scope="col">{text("column.quantized")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ prediction, index }) => {
              const [float, quantized] = topClasses(prediction);
              return (
                <tr key={index} class={agrees(prediction) ? "" : "differs"}>
                  <th scope="row" title={evaluation.names[index]}>
                    <span class="sample-name">
                      {evaluation.image && <SamplePicture dataset={evaluation} index={index} />}
                      <span class="sample-number">{index + 1}</span>
                    </span>
                  </th>
                  {isLabelled && <td>{prediction.label === undefined ? "" : name(prediction.label)}</td>}
                  <Scored scored={float} name={name} label={prediction.label} />
                  <Scored scored={quantized} name={name} label={prediction.label} />
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {shown.length < chosen.length && (
        <button type="button" class="button quiet" onClick={() => setAll(true)}>
          {countText("compare.showAll", chosen.length)}
        </button>
      )}
    </>
  );
}

/** Drawn when it is there; until then its place is kept. */
function SamplePicture({ dataset, index }: { dataset: Dataset; index: number }) {
  const [pixels, setPixels] = useState<Pixels>();
  useEffect(() => {
    let isWanted = true;
    dataset.preview(index).then(
      (preview) => isWanted && setPixels(preview),
      () => undefined, // The picture was deleted meanwhile, or work was cancelled: the row stands without it.
    );
    return () => {
      isWanted = false;
    };
  }, [dataset, index]);
  return pixels ? <Thumbnail pixels={pixels} /> : <span class="thumbnail pending" />;
}

interface ScoredProps {
  readonly scored: ScoredClass | undefined;
  readonly name: (index: number) => string;
  readonly label: number | undefined;
}

function Scored({ scored, name, label }: ScoredProps) {
  if (!scored) return <td />;
  const verdict = label === undefined ? "" : label === scored.index ? "right" : "wrong";
  return (
    <td>
      <span class="predicted">{name(scored.index)}</span> <span class="score">{scoreText(scored.score)}</span>
      {verdict && (
        <span class={`verdict ${verdict}`}>
          <span aria-hidden="true">{verdict === "right" ? "✓" : "✗"}</span>
          <span class="unseen">{text(verdict === "right" ? "compare.right" : "compare.wrong")}</span>
        </span>
      )}
    </td>
  );
}
