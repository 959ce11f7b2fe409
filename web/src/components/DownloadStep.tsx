import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { commandFor, snippetFor } from "../commands.js";
import { cArrayOf, htmlReport, overlayOf, recipeFile, saveFile } from "../exports.js";
import { bytesText } from "../numbers.js";
import { shownResult } from "../state.js";
import { type TextKey, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { Step } from "./Step.js";

interface Extra {
  readonly key: TextKey;
  readonly more: TextKey;
  readonly save: () => void | Promise<void>;
}

export function DownloadStep({ workbench }: { workbench: Workbench }) {
  const { state } = workbench;
  const { model, samples, results } = state;
  const result = shownResult(state);
  if (!model || !result) return <Step number={5} isWaiting />;
  const { fileName, recipe, report } = result;
  const stem = fileName.replace(/\.tflite$/i, "");
  const download = async () => {
    saveFile((await result.model.save()) as BlobPart, fileName, "application/octet-stream");
  };
  const extras: readonly Extra[] = [
    {
      key: "download.report",
      more: "download.reportMore",
      save: () => saveFile(htmlReport({ model, samples, results, result }), `${stem}.report.html`, "text/html"),
    },
    {
      key: "download.recipe",
      more: "download.recipeMore",
      save: () => saveFile(recipeFile(result), `${stem}.recipe.json`, "application/json"),
    },
    {
      key: "download.cArray",
      more: "download.cArrayMore",
      save: async () => saveFile(await cArrayOf(await result.model.save(), fileName), `${stem}.c`, "text/x-c"),
    },
    ...(report
      ? [
          {
            key: "download.overlay" as const,
            more: "download.overlayMore" as const,
            save: () =>
              saveFile(
                overlayOf(report, result.model.describe().graphs[0]?.name || undefined),
                `${stem}.overlay.json`,
                "application/json",
              ),
          },
        ]
      : []),
  ];
  const run = (save: Extra["save"]) => void Promise.resolve(save()).catch((error: unknown) => workbench.fail(error));
  return (
    <Step number={5} outcome={<code>{recipe?.mode}</code>}>
      <div class="actions">
        <button type="button" class="button primary large" onClick={() => run(download)}>
          {text("download.model", { size: bytesText(result.model.byteLength) })}
        </button>
        <span class="faint name">{fileName}</span>
      </div>
      <ul class="extras">
        {extras
          .filter(({ key }) => recipe || key !== "download.recipe")
          .map(({ key, more, save }) => (
            <li key={key}>
              <button type="button" class="button" onClick={() => run(save)}>
                {text(key)}
              </button>
              <span class="faint">{text(more)}</span>
            </li>
          ))}
      </ul>
      {recipe && (
        <>
          <Copyable title={text("download.command")} code={commandFor(model, fileName, recipe, samples)} isCommand />
          <Copyable title={text("download.snippet")} code={snippetFor(model, fileName, recipe, samples)} />
        </>
      )}
    </Step>
  );
}

interface CopyableProps {
  readonly title: string;
  readonly code: string;
  readonly isCommand?: boolean;
}

function Copyable({ title, code, isCommand = false }: CopyableProps) {
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(code).then(
      () => setCopied(true),
      () => undefined, // Not allowed here: the text can be selected.
    );
  return (
    <div class="copyable">
      <div class="part-head">
        <h3>{title}</h3>
        <button type="button" class="button quiet" onClick={copy}>
          {text(isCopied ? "action.copied" : "action.copy")}
        </button>
      </div>
      <pre tabIndex={0} aria-label={title}>
        <code>{isCommand ? <Words command={code} /> : code}</code>
      </pre>
    </div>
  );
}

/** A line may end between the words of a command, not at a hyphen within one. */
function Words({ command }: { command: string }) {
  return (
    <>
      {command.split(" ").map((word, index) => (
        <Fragment key={index}>
          {index > 0 && " "}
          <span class="word">{word}</span>
        </Fragment>
      ))}
    </>
  );
}
