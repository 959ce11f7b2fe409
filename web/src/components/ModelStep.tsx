import type { Chosen } from "../dropped.js";
import { examples } from "../example.js";
import { bytesText, shapeText } from "../numbers.js";
import type { ModelState } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { FileButton } from "./FileButton.js";
import { KeptOffer, ModelDetails } from "./deferred.js";
import { Step } from "./Step.js";

interface StepWithFiles {
  readonly workbench: Workbench;
  readonly onChosen: (chosen: Chosen) => void;
}

export function ModelStep({ workbench, onChosen }: StepWithFiles) {
  const { model, work, kept } = workbench.state;
  const isBusy = work !== undefined;
  return (
    <Step number={1} outcome={model && <ModelOutcome model={model} />}>
      {!model && kept && <KeptOffer workbench={workbench} isBusy={isBusy} />}
      <div class={model ? "chooser compact" : "chooser empty"}>
        {!model && (
          <>
            <p class="chooser-title">{text("model.drop")}</p>
            <p class="chooser-more">{text("model.dropMore")}</p>
          </>
        )}
        <div class="actions">
          <FileButton
            testId="model-file"
            accept=".tflite,.lite"
            disabled={isBusy}
            isPrimary={!model}
            onChosen={onChosen}
          >
            {text(model ? "model.chooseOther" : "model.choose")}
          </FileButton>
          {work?.kind === "load" && (
            <span class="working" role="presentation">
              {text("work.load", { name: work.subject })}
            </span>
          )}
        </div>
        <Examples workbench={workbench} isBusy={isBusy} />
      </div>
      {model?.description.isQuantized && <AlreadyQuantized workbench={workbench} isBusy={isBusy} />}
      {model && <ModelFacts model={model} />}
      {model && <ModelDetails model={model} outlooks={workbench.state.outlooks} />}
    </Step>
  );
}

/** Large ones with a word about each where there is no model yet; else a row of their names. */
function Examples({ workbench, isBusy }: { workbench: Workbench; isBusy: boolean }) {
  const { model } = workbench.state;
  const others = examples.filter((example) => example !== model?.example);
  if (others.length === 0) return null;
  return (
    <div class={model ? "examples" : "examples large"} role="group" aria-labelledby="examples-title">
      <p id="examples-title" class="faint">
        {text(model ? "model.otherExamples" : "model.examples")}
      </p>
      {others.map((example) => (
        <button
          key={example.name}
          type="button"
          class={model ? "button quiet" : "example"}
          disabled={isBusy}
          aria-label={text(`example.${example.name}`)}
          aria-describedby={model ? undefined : `example-${example.name}`}
          onClick={() => void workbench.openExample(example)}
        >
          <span class="example-title">{text(`example.${example.name}`)}</span>
          {!model && (
            <span id={`example-${example.name}`} class="example-text">
              {text(`example.${example.name}.more`)}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function ModelOutcome({ model: { handle, description } }: { model: ModelState }) {
  return (
    <>
      <strong>{handle.name}</strong> {bytesText(handle.byteLength)}
      {description.isQuantized && <span class="tag">{text("model.quantizedTag")}</span>}
    </>
  );
}

function AlreadyQuantized({ workbench, isBusy }: { workbench: Workbench; isBusy: boolean }) {
  return (
    <div class="notice">
      <p>
        <strong>{text("model.quantized")}</strong> {text("model.quantizedMore")}
      </p>
      <div class="actions">
        <button type="button" class="button" disabled={isBusy} onClick={() => void workbench.bringBackToFloat()}>
          {text("model.toFloat")}
        </button>
        <FileButton
          testId="original-file"
          accept=".tflite,.lite"
          disabled={isBusy}
          onFile={(file) => void workbench.openOriginal(file)}
        >
          {text("model.original")}
        </FileButton>
      </div>
    </div>
  );
}

function ModelFacts({ model: { description } }: { model: ModelState }) {
  const nodeCount = description.operators.reduce((sum, { count }) => sum + count, 0);
  const [signature, ...others] = description.signatures;
  const ports = [
    ["model.inputs", signature?.inputs ?? []],
    ["model.outputs", signature?.outputs ?? []],
  ] as const;
  return (
    <dl class="facts">
      {ports.map(([title, list]) => (
        <div key={title}>
          <dt>{text(title)}</dt>
          {list.map((port) => (
            <dd key={port.name}>
              <span class="name">{port.name}</span> <code>{shapeText(port)}</code>
            </dd>
          ))}
        </div>
      ))}
      <div>
        <dt>{text("model.contents")}</dt>
        <dd>
          {countText("count.operators", nodeCount)}, {countText("count.parameters", description.parameterCount)}
          {others.length > 0 && `, ${countText("count.signatures", others.length + 1)}`}
        </dd>
      </div>
    </dl>
  );
}
