import { useEffect, useState } from "preact/hooks";
import { type ChannelRanges, type Histogram, histogramOf, weightRanges } from "../histogram.js";
import { percentText, valueText } from "../numbers.js";
import type { ModelState, Result, SamplesState } from "../state.js";
import { text } from "../text.js";
import { TableBehind } from "./TableBehind.js";

const width = 640;
const height = 170;

interface TensorPanelProps {
  readonly model: ModelState;
  readonly samples: SamplesState;
  readonly result: Result;
  readonly name: string;
  readonly onClose: () => void;
}

interface Shown {
  readonly histogram?: Histogram;
  readonly weights?: ChannelRanges | undefined;
  readonly failure?: string;
}

/** How the values of one tensor lie in both models, and the weights that made it. */
export function TensorPanel({ model, samples: { evaluation }, result, name, onClose }: TensorPanelProps) {
  const [{ histogram, weights, failure }, setShown] = useState<Shown>({});
  useEffect(() => {
    let isWanted = true;
    setShown({});
    const look = async (): Promise<Shown> => ({
      histogram: await histogramOf(model.handle, result.model, evaluation, name),
      weights: await weightRanges(model.handle, result.model, name),
    });
    look().then(
      (shown) => isWanted && setShown(shown),
      (error: unknown) => isWanted && setShown({ failure: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [model, result, evaluation, name]);
  return (
    <section class="tensor-panel" aria-label={name}>
      <div class="part-head">
        <h4 class="name">{name}</h4>
        <button type="button" class="button quiet" onClick={onClose}>
          {text("action.close")}
        </button>
      </div>
      {failure && (
        <p class="warning" lang="en">
          {failure}
        </p>
      )}
      {histogram && <HistogramChart histogram={histogram} name={name} />}
      {weights && weights.ranges.length > 1 && <WeightChart weights={weights} />}
    </section>
  );
}

/** Heights are logarithms of counts, so that what is rare is seen. */
function HistogramChart({ histogram, name }: { histogram: Histogram; name: string }) {
  const { low, high, float, quantized, range, clipped, count } = histogram;
  const most = Math.log1p(Math.max(1, ...float, ...quantized));
  const step = width / float.length;
  const x = (value: number) => ((value - low) / (high - low)) * width;
  const tall = (value: number) => (Math.log1p(value) / most) * (height - 10);
  const outline = quantized
    .map((value, i) => `${i ? "L" : "M"}${i * step} ${height - tall(value)}H${(i + 1) * step}`)
    .join("");
  return (
    <figure class="curves histogram">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={text("histogram.chart", { name })}>
        {float.map((value, i) => (
          <rect key={i} class="float" x={i * step} width={step} y={height - tall(value)} height={tall(value)} />
        ))}
        <path class="quantized" d={outline} />
        {low < 0 && high > 0 && <line class="zero" x1={x(0)} x2={x(0)} y1={height - 8} y2={height} />}
        {range?.map((value) => (
          <line key={value} class="clip" x1={x(value)} x2={x(value)} y1="0" y2={height} />
        ))}
      </svg>
      <figcaption class="legend">
        <span class="key float">{text("column.float")}</span>{" "}
        <span class="key quantized">{text("column.quantized")}</span>
        <span>
          {range
            ? text("histogram.range", {
                low: valueText(range[0]),
                high: valueText(range[1]),
                share: percentText(clipped),
              })
            : text("histogram.float")}
        </span>
      </figcaption>
      <TableBehind
        title={text("histogram.chart", { name })}
        caption={text("histogram.count", { count })}
        columns={[text("histogram.from"), text("column.float"), text("column.quantized")]}
        rows={float.map((value, i) => [valueText(low + ((high - low) * i) / float.length), value, quantized[i] ?? 0])}
      />
    </figure>
  );
}

/** A bar from the least to the largest weight of each channel. */
function WeightChart({ weights: { name, ranges } }: { weights: ChannelRanges }) {
  const least = Math.min(...ranges.map(([low]) => low));
  const most = Math.max(...ranges.map(([, high]) => high));
  const y = (value: number) => 4 + ((most - value) / Math.max(1e-12, most - least)) * (height - 8);
  const step = width / ranges.length;
  return (
    <figure class="curves">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={text("weights.chart", { name })}>
        <line class="axis" x1="0" x2={width} y1={y(0)} y2={y(0)} />
        {ranges.map(([low, high], i) => (
          <rect
            key={i}
            class="quantized"
            x={i * step + step * 0.15}
            width={step * 0.7}
            y={y(high)}
            height={Math.max(1, y(low) - y(high))}
          />
        ))}
      </svg>
      <figcaption>
        {text("weights.chart", { name })}. {text("outputs.scale", { least: valueText(least), most: valueText(most) })}
      </figcaption>
      <TableBehind
        title={text("weights.chart", { name })}
        columns={[text("weights.channel"), text("outputs.least"), text("outputs.most")]}
        rows={ranges.map(([low, high], i) => [i, valueText(low), valueText(high)])}
      />
    </figure>
  );
}
