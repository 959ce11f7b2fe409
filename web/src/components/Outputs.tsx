import type { Pixels } from "litequant";
import { useEffect, useState } from "preact/hooks";
import { valueText } from "../numbers.js";
import { type Outputs as BothOutputs, type OutputValues, boxesOf, kindOf, outputsFor } from "../outputs.js";
import { spreadOf } from "../pictures.js";
import { mostCompared } from "../quantizing.js";
import type { ModelState, Result, SamplesState } from "../state.js";
import { text } from "../text.js";
import { BeforeAfter } from "./BeforeAfter.js";
import { Boxes } from "./Boxes.js";
import { Curves } from "./Curves.js";
import { Disclosure } from "./Disclosure.js";
import { Mask } from "./Mask.js";
import { NumberTable } from "./NumberTable.js";

interface OutputsProps {
  readonly model: ModelState;
  readonly samples: SamplesState;
  readonly result: Result;
}

interface Shown {
  readonly outputs?: BothOutputs;
  readonly picture?: Pixels | undefined;
  readonly failure?: string;
}

/** All outputs of both models for one sample. */
export function Outputs({ model, samples: { evaluation, origin }, result }: OutputsProps) {
  const [index, setIndex] = useState(0);
  const [{ outputs, picture, failure }, setShown] = useState<Shown>({});
  const count = Math.min(evaluation.length, mostCompared);
  useEffect(() => {
    let isWanted = true;
    const look = async (): Promise<Shown> => ({
      outputs: await outputsFor(model.handle, result.model, evaluation, index),
      picture: await evaluation.preview(index),
    });
    look().then(
      (shown) => isWanted && setShown(shown),
      (error: unknown) => isWanted && setShown({ failure: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [model, result, evaluation, index]);
  const boxes = outputs && { float: boxesOf(outputs.float), quantized: boxesOf(outputs.quantized) };
  const each = outputs?.float.map((float, place) => {
    const quantized = outputs.quantized[place];
    return quantized ? (
      <OneOutput key={float.name} float={float} quantized={quantized} picture={picture} classNames={model.classNames} />
    ) : null;
  });
  return (
    <>
      <div class="field-row">
        <label for="sample-index">{text("column.sample")}</label>
        <input
          id="sample-index"
          type="number"
          min="1"
          max={count}
          value={index + 1}
          onInput={({ currentTarget: { valueAsNumber } }) => {
            if (valueAsNumber >= 1 && valueAsNumber <= count) setIndex(Math.floor(valueAsNumber) - 1);
          }}
        />
        {origin === "files" && <span class="faint name">{evaluation.names[index]}</span>}
      </div>
      {failure && (
        <p class="warning" lang="en">
          {failure}
        </p>
      )}
      {boxes?.float && boxes.quantized && picture && (
        <Boxes picture={picture} float={boxes.float} quantized={boxes.quantized} classNames={model.classNames} />
      )}
      {boxes?.float ? <Disclosure title={text("outputs.numbers")}>{each}</Disclosure> : each}
    </>
  );
}

interface OneOutputProps {
  readonly float: OutputValues;
  readonly quantized: OutputValues;
  readonly picture: Pixels | undefined;
  readonly classNames: readonly string[];
}

function OneOutput({ float, quantized, picture, classNames }: OneOutputProps) {
  const kind = kindOf(float.shape);
  const isSame = float.values.length === quantized.values.length;
  return (
    <section class="output" aria-label={float.name}>
      <h4>
        <span class="name">{float.name}</span> <code>[{float.shape.join(" × ")}]</code>
      </h4>
      {!isSame && <p class="warning">{text("outputs.shapes")}</p>}
      {isSame && kind === "picture" && <BeforeAfter float={float} quantized={quantized} />}
      {isSame && kind === "mask" && (
        <Mask float={float} quantized={quantized} picture={picture} classNames={classNames} />
      )}
      {isSame && (kind === "scores" || kind === "curve") && (
        <Curves
          float={float.values}
          quantized={quantized.values}
          isBars={kind === "scores"}
          name={float.name}
          classNames={classNames.length === float.values.length ? classNames : []}
        />
      )}
      <OutputTable float={float} quantized={quantized} />
    </section>
  );
}

/** The numbers behind the drawing. */
function OutputTable({ float, quantized }: { float: OutputValues; quantized: OutputValues }) {
  const rows = [
    [text("column.float"), spreadOf(float.values)],
    [text("column.quantized"), spreadOf(quantized.values)],
  ] as const;
  let worst = 0;
  let sum = 0;
  float.values.forEach((value, index) => {
    const error = Math.abs(value - (quantized.values[index] ?? 0));
    worst = Math.max(worst, error);
    sum += error;
  });
  return (
    <NumberTable
      kind="narrow"
      columns={[text("outputs.model"), text("outputs.least"), text("outputs.mean"), text("outputs.most")]}
      rows={[
        ...rows.map(([title, { least, mean, most }]) => [title, ...[least, mean, most].map(valueText)]),
        [text("outputs.difference"), "", valueText(sum / Math.max(1, float.values.length)), valueText(worst)],
      ]}
    />
  );
}
