import { valueText } from "../numbers.js";
import { spreadOf } from "../pictures.js";
import { text } from "../text.js";
import { TableBehind } from "./TableBehind.js";

const width = 640;
const height = 180;
const mostPoints = 320;

interface CurvesProps {
  readonly float: Float32Array;
  readonly quantized: Float32Array;
  readonly isBars: boolean;
  readonly name: string;
  /** Of the values, where they are scores of classes. */
  readonly classNames: readonly string[];
}

/** Values of both over their index: lines, of long outputs through means of stretches; or pairs of bars. */
export function Curves({ float, quantized, isBars, name, classNames }: CurvesProps) {
  const a = thinned(float);
  const b = thinned(quantized);
  const both = [spreadOf(a), spreadOf(b)];
  const least = Math.min(0, ...both.map((spread) => spread.least));
  const most = Math.max(...both.map((spread) => spread.most), least + 1e-9);
  const y = (value: number) => height - 4 - ((value - least) / (most - least)) * (height - 8);
  const step = width / Math.max(1, a.length);
  const title = text("outputs.curve", { name });
  const indexOf = (point: number) => Math.floor((point * float.length) / a.length);
  const line = (values: Float32Array) =>
    Array.from(values, (value, i) => `${i ? "L" : "M"}${((i + 0.5) * step).toFixed(1)} ${y(value).toFixed(1)}`).join(
      "",
    );
  const bars = (values: Float32Array, kind: string, shift: number) =>
    Array.from(values, (value, i) => (
      <rect
        key={i}
        class={kind}
        x={i * step + step * shift}
        width={step * 0.35}
        y={Math.min(y(value), y(0))}
        height={Math.max(1, Math.abs(y(value) - y(0)))}
      />
    ));
  return (
    <figure class="curves">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
        <line class="axis" x1="0" x2={width} y1={y(0)} y2={y(0)} />
        {isBars ? (
          <>
            {bars(a, "float", 0.12)}
            {bars(b, "quantized", 0.52)}
          </>
        ) : (
          <>
            <path class="float" d={line(a)} />
            <path class="quantized" d={line(b)} />
          </>
        )}
      </svg>
      <figcaption class="legend">
        <span class="key float">{text("column.float")}</span>{" "}
        <span class="key quantized">{text("column.quantized")}</span>
        <span>{text("outputs.scale", { least: valueText(least), most: valueText(most) })}</span>
      </figcaption>
      <TableBehind
        title={title}
        columns={[
          text(classNames.length > 0 ? "outputs.class" : "outputs.index"),
          text("column.float"),
          text("column.quantized"),
        ]}
        rows={Array.from(a, (value, i) => [
          classNames[indexOf(i)] ?? indexOf(i),
          valueText(value),
          valueText(b[i] ?? 0),
        ])}
      />
    </figure>
  );
}

function thinned(values: Float32Array): Float32Array {
  if (values.length <= mostPoints) return values;
  return Float32Array.from({ length: mostPoints }, (_, i) => {
    const from = Math.floor((i * values.length) / mostPoints);
    const to = Math.floor(((i + 1) * values.length) / mostPoints);
    return spreadOf(values.subarray(from, to)).mean;
  });
}
