import { options } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import { type Chosen, chosenFiles, droppedFiles } from "../dropped.js";
import type { Workbench } from "../workbench.js";
import { CompareStep, DownloadStep } from "./deferred.js";
import { ErrorCard } from "./ErrorCard.js";
import { Footer } from "./Footer.js";
import { Header } from "./Header.js";
import { ModelStep } from "./ModelStep.js";
import { RecipeStep } from "./RecipeStep.js";
import { SamplesStep } from "./SamplesStep.js";
import { Stepper } from "./Stepper.js";

/** Drawing is a task of its own, apart from the one that brought the news. */
options.debounceRendering = (draw) => void setTimeout(draw);

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
    const { dataTransfer } = event;
    if (dataTransfer) void droppedFiles(dataTransfer).then(take, (error: unknown) => workbench.fail(error));
  };

  const paste = (event: ClipboardEvent) => {
    const { target, clipboardData } = event;
    if (!clipboardData || target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) return;
    if (clipboardData.files.length > 0) return void take(chosenFiles(clipboardData.files));
    const address = addressHere(clipboardData.getData("text"));
    if (address) void workbench.openAddress(address);
  };
  useEffect(() => {
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [workbench]);

  return (
    <div class="page" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <Header workbench={workbench} />
      <Stepper state={state} />
      <main class={state.model ? "steps" : "steps beginning"}>
        {state.failure && <ErrorCard failure={state.failure} onDismiss={() => workbench.dismissFailure()} />}
        <div class="column">
          <ModelStep workbench={workbench} onChosen={take} />
          <SamplesStep workbench={workbench} onChosen={take} />
          <RecipeStep workbench={workbench} />
        </div>
        <div class="column">
          <CompareStep workbench={workbench} />
          <DownloadStep workbench={workbench} />
        </div>
      </main>
      <p class="unseen" role="status" aria-live="polite">
        {state.status}
      </p>
      <Footer engine={state.engine} />
    </div>
  );
}

/** The address of a model on the page's own server, if that is what the text is. */
function addressHere(words: string): URL | undefined {
  const word = words.trim();
  if (!/\.(tflite|lite)$/i.test(word) || !URL.canParse(word, location.href)) return undefined;
  const address = new URL(word, location.href);
  return address.origin === location.origin && /^https?:$/.test(address.protocol) ? address : undefined;
}
