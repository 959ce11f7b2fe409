import type { Pixels, Prediction, Report, ScoredClass } from "litequant";
import { useState } from "preact/hooks";
import { countText } from "../numbers.js";
import { Thumbnail } from "./Thumbnail.js";

const firstShown = 24;

interface PredictionsProps {
  readonly report: Report;
  readonly pictures: readonly (Pixels | undefined)[];
  readonly classNames: readonly string[];
}

const topClasses = ({ classes }: Prediction) => [classes[0][0], classes[1][0]] as const;
const agrees = (prediction: Prediction) => topClasses(prediction)[0]?.index === topClasses(prediction)[1]?.index;

/** What both models say of each sample, side by side. */
export function Predictions({ report, pictures, classNames }: PredictionsProps) {
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [isAll, setAll] = useState(false);
  const rows = report.predictions.map((prediction, index) => ({ prediction, index }));
  const different = rows.filter(({ prediction }) => !agrees(prediction));
  const chosen = onlyDifferent ? different : rows;
  const shown = isAll ? chosen : chosen.slice(0, firstShown);
  if (rows.length === 0) return null;
  const name = (index: number) => classNames[index] ?? `class ${index}`;
  const isLabelled = rows.some(({ prediction }) => prediction.label !== undefined);
  return (
    <section class="part" aria-labelledby="predictions">
      <div class="part-head">
        <h3 id="predictions">Predictions</h3>
        <label class="check">
          <input type="checkbox" checked={onlyDifferent} onChange={() => setOnlyDifferent(!onlyDifferent)} />
          only the {countText(different.length, "disagreement")}
        </label>
      </div>
      <div class="table-frame" role="region" aria-labelledby="predictions" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Sample</th>
              {isLabelled && <th scope="col">Label</th>}
              <th scope="col">Float</th>
              <th scope="col">Quantized</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ prediction, index }) => {
              const [float, quantized] = topClasses(prediction);
              const picture = pictures[index];
              return (
                <tr key={index} class={agrees(prediction) ? "" : "differs"}>
                  <th scope="row">
                    {picture && <Thumbnail pixels={picture} />}
                    <span class="sample-number">{index + 1}</span>
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
          Show all {chosen.length}
        </button>
      )}
    </section>
  );
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
      <span class="predicted">{name(scored.index)}</span> <span class="score">{scored.score.toFixed(3)}</span>
      {verdict && (
        <span class={`verdict ${verdict}`}>
          <span aria-hidden="true">{verdict === "right" ? "✓" : "✗"}</span>
          <span class="unseen">{verdict}</span>
        </span>
      )}
    </td>
  );
}
