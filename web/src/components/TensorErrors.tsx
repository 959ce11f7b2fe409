import type { Report } from "litequant";
import { decibelText } from "../numbers.js";

const barFullAt = 60; // dB

/** The error of each node's result, in order of execution. */
export function TensorErrors({ report: { tensors } }: { report: Report }) {
  if (tensors.length === 0) return null;
  return (
    <details class="part">
      <summary>
        <h3>Error of each tensor</h3>
      </summary>
      <div class="table-frame" role="region" aria-label="Error of each tensor" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">Operator</th>
              <th scope="col">Tensor</th>
              <th scope="col">SQNR</th>
              <th scope="col" class="number">
                RMSE / scale
              </th>
            </tr>
          </thead>
          <tbody>
            {tensors.map(({ name, operator, node, sqnrDb, rmseOverScale }) => (
              <tr key={name}>
                <td class="number">{node}</td>
                <td>{operator}</td>
                <td class="tensor-name" title={name}>
                  {name}
                </td>
                <td>
                  <span class="bar-row">
                    <meter aria-hidden="true" min={0} max={barFullAt} value={Math.max(0, sqnrDb ?? barFullAt)} />
                    {decibelText(sqnrDb)}
                  </span>
                </td>
                <td class="number">{rmseOverScale > 0 ? rmseOverScale.toFixed(2) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
