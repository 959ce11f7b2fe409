import type { Chosen } from "../dropped.js";
import { bytesText, shapeText } from "../numbers.js";
import type { ModelState } from "../state.js";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { FileButton } from "./FileButton.js";
import { ModelMore } from "./ModelMore.js";
import { Step } from "./Step.js";

interface StepWithFiles {
  readonly workbench: Workbench;
  readonly onChosen: (chosen: Chosen) => void;
}

export function ModelStep({ workbench, onChosen }: StepWithFiles) {
  const { model, work } = workbench.state;
  const isBusy = work !== undefined;
  return (
    <Step number={1} outcome={model && <ModelOutcome model={model} />}>
      <div class={model ? "chooser" : "chooser empty"}>
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
          {!model?.isExample && (
            <button
              type="button"
              class={model ? "button quiet" : "button"}
              disabled={isBusy}
              onClick={() => void workbench.openExample()}
            >
              {text("model.example")}
            </button>
          )}
          {work?.kind === "load" && (
            <span class="working" role="presentation">
              {text("work.load", { name: work.subject })}
            </span>
          )}
        </div>
        {!model && <p class="chooser-note">{text("model.exampleMore")}</p>}
      </div>
      {model?.description.isQuantized && <AlreadyQuantized workbench={workbench} isBusy={isBusy} />}
      {model && <ModelFacts model={model} />}
      {model && <ModelMore model={model} outlooks={workbench.state.outlooks} />}
    </Step>
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
