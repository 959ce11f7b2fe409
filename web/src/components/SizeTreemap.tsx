import type { ModelDescription } from "litequant";
import { bytesText, percentText } from "../numbers.js";
import { text } from "../text.js";
import { treemap } from "../treemap.js";

const width = 720;
const height = 300;
const mostShown = 60;

interface Constant {
  readonly name: string;
  readonly type: string;
  readonly operator: string;
  readonly bytes: number;
}

/** Constants by the operator that uses them first, the largest first. */
function constantsOf({ graphs }: ModelDescription): Constant[] {
  const found = graphs.flatMap(({ tensors, nodes }) => {
    const user = new Map<number, string>();
    for (const { inputs, operator } of nodes)
      for (const input of inputs) if (!user.has(input)) user.set(input, operator);
    return tensors
      .filter(({ isConstant, byteLength }) => isConstant && byteLength > 0)
      .map(({ index, name, type, byteLength }) => ({
        name,
        type,
        operator: user.get(index) ?? "",
        bytes: byteLength,
      }));
  });
  return found.sort((a, b) => b.bytes - a.bytes);
}

/** Where the bytes are: one rectangle for each constant. */
export function SizeTreemap({ description }: { description: ModelDescription }) {
  const all = constantsOf(description);
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) return <p>{text("sizes.none")}</p>;
  const shown = all.slice(0, mostShown);
  const rest = all.slice(mostShown).reduce((sum, { bytes }) => sum + bytes, 0);
  const cells = rest > 0 ? [...shown, { name: text("sizes.rest"), type: "", operator: "", bytes: rest }] : shown;
  cells.sort((a, b) => b.bytes - a.bytes);
  const kinds = [...new Set(all.map(({ operator }) => operator))];
  const places = treemap(
    cells.map(({ bytes }) => bytes),
    width,
    height,
  );
  return (
    <>
      <svg class="treemap" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={text("sizes.chart")}>
        {places.map((place, index) => {
          const cell = cells[index] as Constant;
          return (
            <g key={index} transform={`translate(${place.x} ${place.y})`}>
              <title>{`${cell.name}\n${cell.operator} ${cell.type} ${bytesText(cell.bytes)}`}</title>
              <rect
                class={`kind-${kinds.indexOf(cell.operator) % 6}`}
                width={Math.max(0, place.width - 1)}
                height={Math.max(0, place.height - 1)}
              />
              {place.width > 76 && place.height > 34 && (
                <>
                  <text x="6" y="16">
                    {cell.operator.slice(0, Math.floor(place.width / 7.5))}
                  </text>
                  <text x="6" y="30">
                    {bytesText(cell.bytes)}
                  </text>
                </>
              )}
            </g>
          );
        })}
      </svg>
      <div class="table-frame short" role="region" aria-label={text("sizes.table")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{text("column.tensor")}</th>
              <th scope="col">{text("column.operator")}</th>
              <th scope="col">{text("column.type")}</th>
              <th scope="col" class="number">
                {text("column.bytes")}
              </th>
              <th scope="col" class="number">
                {text("column.share")}
              </th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, 200).map(({ name, operator, type, bytes }, index) => (
              <tr key={index}>
                <td class="tensor-name" title={name}>
                  {name}
                </td>
                <td>{operator}</td>
                <td>{type}</td>
                <td class="number">{bytesText(bytes)}</td>
                <td class="number">{percentText(bytes / total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
