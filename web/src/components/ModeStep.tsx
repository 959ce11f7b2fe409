import type { InputOutputType, Mode } from "litequant";
import { countText } from "../numbers.js";
import { type Workbench, modes } from "../workbench.js";
import { ProgressBar } from "./ProgressBar.js";
import { Step } from "./Step.js";

const modeTexts: Record<Mode, { readonly title: string; readonly text: string }> = {
  dynamic: {
    title: "Dynamic range",
    text: "Weights become int8, activations are quantized as they come. 4× smaller, no samples needed.",
  },
  int8: {
    title: "Full integer",
    text: "Weights and activations become int8; inputs and outputs stay float, and so does any operator without an integer form.",
  },
  "int8-only": {
    title: "Integer only",
    text: "Not one float operator, for microcontrollers and accelerators. Refused, by name, where an operator has no integer form.",
  },
  int16x8: {
    title: "16-bit activations",
    text: "Weights become int8, activations int16: closer to the original than int8, and slower. For sound and pictures as output.",
  },
  "int16x8-only": {
    title: "16-bit activations only",
    text: "The same with int16 inputs and outputs and not one float operator. Refused, by name, where an operator has no such form.",
  },
  float16: { title: "Half precision", text: "Weights become float16. 2× smaller, nearly exact; for GPUs." },
};

export function ModeStep({ workbench }: { workbench: Workbench }) {
  const { model, samples, mode, io, work } = workbench.state;
  const chosen = model?.description.modes[mode];
  const lacksSamples = chosen?.needsStatistics === true && !samples;
  const obstacle = !model
    ? "Choose a model first."
    : chosen && !chosen.possible
      ? chosen.reason
      : lacksSamples
        ? "This mode needs samples to calibrate on."
        : undefined;
  return (
    <Step number={3} title="Mode" isWaiting={!model}>
      <fieldset class="modes" disabled={work !== undefined}>
        <legend class="unseen">Mode</legend>
        {modes.map((name) => {
          const ability = model?.description.modes[name];
          const left = ability?.possible ? ability.float.length : 0;
          return (
            <label key={name} class="mode">
              <input
                type="radio"
                name="mode"
                value={name}
                checked={mode === name}
                onChange={() => workbench.useMode(name)}
              />
              <span class="mode-title">{modeTexts[name].title}</span>
              <span class="mode-text">{modeTexts[name].text}</span>
              {ability && !ability.possible && <span class="mode-note">Not for this model</span>}
              {left > 0 && (name === "int8" || name === "int16x8") && (
                <span class="mode-note">{countText(left, "operator")} would stay float</span>
              )}
            </label>
          );
        })}
      </fieldset>
      {mode === "int8-only" && (
        <div class="field-row">
          <label for="io">Inputs and outputs</label>
          <select
            id="io"
            value={io}
            disabled={work !== undefined}
            onChange={(event) => workbench.useInputOutputType(event.currentTarget.value as InputOutputType)}
          >
            <option value="int8">int8</option>
            <option value="uint8">uint8</option>
          </select>
        </div>
      )}
      <div class="actions">
        <button
          type="button"
          class="button primary large"
          disabled={obstacle !== undefined || work !== undefined}
          aria-describedby={obstacle ? "obstacle" : undefined}
          onClick={() => void workbench.quantize()}
        >
          Quantize
        </button>
        {obstacle && !work && (
          <p id="obstacle" class="obstacle">
            {obstacle}
          </p>
        )}
        {work && <ProgressBar work={work} />}
      </div>
    </Step>
  );
}
