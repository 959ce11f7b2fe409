import type { ModeDescriptions, ModelDescription } from "litequant";
import { shapeText } from "../numbers.js";
import { modes } from "../recipes.js";
import type { ModelState, State } from "../state.js";
import { text } from "../text.js";
import { Disclosure } from "./Disclosure.js";
import { GraphView } from "./GraphView.js";
import { Places } from "./Places.js";
import { SizeTreemap } from "./SizeTreemap.js";

interface ModelDetailsProps {
  readonly model: ModelState;
  readonly outlooks: State["outlooks"];
}

/** What there is to know of a model before anything runs. */
export function ModelDetails({ model: { description, modes: usual }, outlooks }: ModelDetailsProps) {
  return (
    <div class="disclosures">
      <Operators description={description} />
      <Disclosure title={text("model.modes")}>
        <Modes outlooks={outlooks ?? usual} />
      </Disclosure>
      <Disclosure title={text("model.sizes")}>
        <SizeTreemap description={description} />
      </Disclosure>
      <Disclosure title={text("model.graph")}>
        <GraphView description={description} />
      </Disclosure>
      <Disclosure title={text("model.metadata")}>
        <Metadata description={description} />
      </Disclosure>
    </div>
  );
}

function Operators({ description: { operators } }: { description: ModelDescription }) {
  return (
    <ul class="operators" aria-label={text("model.operators")}>
      {operators.map(({ operator, count, isSupported }) => (
        <li key={operator} class={isSupported ? undefined : "unsupported"}>
          {operator} <span class="operator-count">{count}</span>
          {!isSupported && ` ${text("model.notExecuted")}`}
        </li>
      ))}
    </ul>
  );
}

/** Each mode: possible or not and why, and the operators it would leave in float. */
function Modes({ outlooks }: { outlooks: ModeDescriptions }) {
  return (
    <div class="table-frame" role="region" aria-label={text("model.modes")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text("column.mode")}</th>
            <th scope="col">{text("column.outlook")}</th>
            <th scope="col">{text("column.inFloat")}</th>
          </tr>
        </thead>
        <tbody>
          {modes.map((mode) => {
            const { possible, reason, needsStatistics, float, unsupported } = outlooks[mode];
            return (
              <tr key={mode}>
                <th scope="row">
                  <code>{mode}</code>
                </th>
                <td>
                  <span class={possible ? "verdict right" : "verdict wrong"} aria-hidden="true">
                    {possible ? "✓" : "✗"}
                  </span>{" "}
                  {possible ? text(needsStatistics ? "model.withSamples" : "model.withoutSamples") : ""}
                  {!possible && <span lang="en">{reason}</span>}
                </td>
                <td>
                  {float.length + unsupported.length === 0 ? (
                    text("model.nothing")
                  ) : (
                    <Places title="count.operators" places={[...float, ...unsupported]} />
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Metadata({ description }: { description: ModelDescription }) {
  const { metadata, signatures } = description;
  const rows = [
    ["metadata.name", metadata.name],
    ["metadata.description", metadata.description || description.description],
    ["metadata.version", metadata.version],
    ["metadata.author", metadata.author],
    ["metadata.license", metadata.license],
    ["metadata.entries", metadata.entries.join(", ")],
    ["metadata.files", metadata.associatedFiles.join(", ")],
  ] as const;
  const told = rows.filter(([, value]) => value !== "");
  return (
    <dl class="facts">
      {told.map(([title, value]) => (
        <div key={title}>
          <dt>{text(title)}</dt>
          <dd class="name">{value}</dd>
        </div>
      ))}
      {signatures.map(({ key, inputs, outputs }) => (
        <div key={key}>
          <dt>{key === "" ? text("metadata.noSignature") : text("metadata.signature", { name: key })}</dt>
          {[...inputs.map((port) => ["→", port] as const), ...outputs.map((port) => ["←", port] as const)].map(
            ([arrow, port]) => (
              <dd key={`${arrow}${port.name}`}>
                <span aria-hidden="true">{arrow}</span> <span class="name">{port.name}</span>{" "}
                <code>{shapeText(port)}</code>
                {port.normalization && (
                  <>
                    {" "}
                    <code>
                      ({text("metadata.normalization")} {port.normalization.mean.join(" ")} /{" "}
                      {port.normalization.std.join(" ")})
                    </code>
                  </>
                )}
              </dd>
            ),
          )}
        </div>
      ))}
    </dl>
  );
}
