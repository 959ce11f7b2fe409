import type { PortDescription } from "litequant";
import type { Chosen } from "../dropped.js";
import { bytesText, countText } from "../numbers.js";
import type { ModelState, Workbench } from "../workbench.js";
import { FileButton } from "./FileButton.js";
import { Step } from "./Step.js";

interface StepWithFiles {
  readonly workbench: Workbench;
  readonly onChosen: (chosen: Chosen) => void;
}

export function ModelStep({ workbench, onChosen }: StepWithFiles) {
  const { model, work } = workbench.state;
  const isBusy = work !== undefined;
  return (
    <Step number={1} title="Model" outcome={model && <ModelOutcome model={model} />}>
      <div class={model ? "chooser" : "chooser empty"}>
        {!model && <p>Drop a .tflite file anywhere on this page, or</p>}
        <div class="actions">
          <FileButton testId="model-file" accept=".tflite,.lite" disabled={isBusy} onChosen={onChosen}>
            {model ? "Choose another model" : "Choose a model"}
          </FileButton>
          {!model?.isExample && (
            <button
              type="button"
              class={model ? "button quiet" : "button primary"}
              disabled={isBusy}
              onClick={() => void workbench.openExample()}
            >
              Try the example
            </button>
          )}
        </div>
      </div>
      {model && <ModelFacts model={model} />}
    </Step>
  );
}

function ModelOutcome({ model: { handle, description } }: { model: ModelState }) {
  return (
    <>
      <strong>{handle.name}</strong> {bytesText(handle.byteLength)}
      {description.isQuantized && <span class="tag">quantized already</span>}
    </>
  );
}

function ModelFacts({ model: { description } }: { model: ModelState }) {
  const nodeCount = description.operators.reduce((sum, { count }) => sum + count, 0);
  const [signature] = description.signatures;
  return (
    <dl class="facts">
      <div>
        <dt>Inputs</dt>
        {signature?.inputs.map((port) => (
          <Port key={port.name} port={port} />
        ))}
      </div>
      <div>
        <dt>Outputs</dt>
        {signature?.outputs.map((port) => (
          <Port key={port.name} port={port} />
        ))}
      </div>
      <div class="wide">
        <dt>{countText(nodeCount, "operator")}</dt>
        <dd>
          <ul class="operators">
            {description.operators.map(({ operator, count, isSupported }) => (
              <li key={operator} class={isSupported ? "" : "unsupported"}>
                {operator} {count}
                {!isSupported && " (not executed)"}
              </li>
            ))}
          </ul>
        </dd>
      </div>
    </dl>
  );
}

function Port({ port }: { port: PortDescription }) {
  return (
    <dd>
      <span class="name">{port.name}</span>{" "}
      <code>
        {port.type}[{(port.shapeSignature ?? port.shape).map((dim) => (dim < 0 ? "?" : dim)).join(" × ")}]
      </code>
    </dd>
  );
}
