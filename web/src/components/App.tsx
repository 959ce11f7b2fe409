import { useEffect, useReducer } from "preact/hooks";
import { type Chosen, droppedFiles } from "../dropped.js";
import type { Workbench } from "../workbench.js";
import { ErrorCard } from "./ErrorCard.js";
import { ModelStep } from "./ModelStep.js";
import { ModeStep } from "./ModeStep.js";
import { ResultStep } from "./ResultStep.js";
import { SamplesStep } from "./SamplesStep.js";

export function App({ workbench }: { workbench: Workbench }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => workbench.subscribe(() => redraw(undefined)), [workbench]);
  const { state } = workbench;

  const take = async ({ models, data }: Chosen) => {
    const [model] = models;
    if (model) await workbench.openModel(model);
    if (data.length > 0) await workbench.openSamples(data);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(take);
  };

  return (
    <div class="page" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <header class="masthead">
        <img src="icon.svg" alt="" width="36" height="36" />
        <div>
          <h1>litequant</h1>
          <p>Make a TensorFlow Lite model small and fast. Nothing leaves this computer.</p>
        </div>
      </header>
      <main>
        {state.failure && <ErrorCard failure={state.failure} onDismiss={() => workbench.dismissFailure()} />}
        <ModelStep workbench={workbench} onChosen={take} />
        <SamplesStep workbench={workbench} onChosen={take} />
        <ModeStep workbench={workbench} />
        <ResultStep workbench={workbench} />
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {state.status}
      </p>
      <footer>
        <p>
          Files are read and written by this page alone: it sends nothing, and its security policy does not let it.
          Integer results are bit for bit those of TensorFlow Lite's reference kernels.
        </p>
        {state.engine && (
          <p data-testid="engine">
            Engine: {state.engine.variant === "relaxed" ? "relaxed SIMD" : "SIMD"}, in{" "}
            {state.engine.thread === "worker" ? "a worker" : "this page"}.
          </p>
        )}
      </footer>
    </div>
  );
}
