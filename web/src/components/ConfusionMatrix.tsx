import type { Report } from "litequant";
import { useState } from "preact/hooks";
import { text } from "../text.js";
import { Choice } from "./Choice.js";

interface ConfusionMatrixProps {
  readonly report: Report;
  readonly classNames: readonly string[];
}

const mostClasses = 60;

/** How often each class was taken for which, by either model: rows are labels, columns predictions. */
export function ConfusionMatrix({ report, classNames }: ConfusionMatrixProps) {
  const [which, setWhich] = useState<"float" | "quantized">("quantized");
  const counts = new Map<string, number>();
  const classes = new Set<number>();
  for (const { label, classes: both } of report.predictions) {
    const predicted = both[which === "float" ? 0 : 1][0]?.index;
    if (label === undefined || predicted === undefined) continue;
    classes.add(label).add(predicted);
    counts.set(`${label} ${predicted}`, (counts.get(`${label} ${predicted}`) ?? 0) + 1);
  }
  const order = [...classes].sort((a, b) => a - b).slice(0, mostClasses);
  const name = (index: number) => classNames[index] ?? String(index);
  const most = Math.max(1, ...counts.values());
  return (
    <>
      <Choice
        label={text("confusion.of")}
        value={which}
        isDisabled={false}
        choices={[
          ["quantized", text("column.quantized")],
          ["float", text("column.float")],
        ]}
        onChange={setWhich}
      />
      <div class="table-frame" role="region" aria-label={text("compare.confusion")} tabIndex={0}>
        <table class="confusion">
          <caption class="unseen">{text("confusion.caption")}</caption>
          <thead>
            <tr>
              <th scope="col" class="corner">
                {text("confusion.corner")}
              </th>
              {order.map((predicted) => (
                <th key={predicted} scope="col">
                  {name(predicted)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {order.map((label) => (
              <tr key={label}>
                <th scope="row">{name(label)}</th>
                {order.map((predicted) => {
                  const count = counts.get(`${label} ${predicted}`) ?? 0;
                  const kind = count === 0 ? "none" : label === predicted ? "hit" : "miss";
                  return (
                    <td
                      key={predicted}
                      class={kind}
                      style={count > 0 ? { "--share": `${25 + (75 * count) / most}%` } : undefined}
                    >
                      {count || ""}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
