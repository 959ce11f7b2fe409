// What the demos share: a model quantized here and now beside its float one, and what both answer.
import {
  type DataSource,
  type InputValue,
  type Mode,
  type Model,
  type Session,
  calibrate,
  createSession,
  load,
  openDataset,
  quantize,
} from "litequant";
import { type ComponentChildren, render } from "preact";
import { type Latency, measureLatency } from "../latency.js";
import { bytesText, millisecondsText, percentText } from "../numbers.js";
import { modelPart } from "../offline/contents.js";
import { useOwnEngine } from "../offline/engine.js";
import { type TextKey, preferredLanguage, text, useLanguage } from "../text.js";

const shownClasses = 3;

export interface Contender {
  readonly title: TextKey;
  readonly model: Model;
  readonly session: Session;
  readonly latency: Latency;
}

/** The float model in the file, then one quantized for each mode on these samples. */
export async function contendersFor(
  fileName: string,
  samples: DataSource,
  made: Readonly<Partial<Record<Mode, TextKey>>>,
): Promise<readonly Contender[]> {
  const float = await load(await modelPart(), { name: fileName });
  const statistics = await calibrate(float, await openDataset(samples, float));
  const contender = async (title: TextKey, model: Model) =>
    ({ title, model, session: await createSession(model), latency: await measureLatency(model) }) satisfies Contender;
  const contenders = [await contender("column.float", float)];
  for (const [mode, title] of Object.entries(made) as [Mode, TextKey][]) {
    contenders.push(await contender(title, await quantize(float, { mode }, statistics)));
  }
  return contenders;
}

/** The first output for an input. */
export async function resultOf({ session }: Contender, input: InputValue) {
  const [output] = session.outputs;
  if (!output) throw new Error("the model has no output");
  return { output, values: (await session.run([input]))[output.name]?.data as Float32Array };
}

/** The likeliest classes. */
export type Answer = readonly { readonly name: string; readonly score: number }[];

export async function answerOf(contender: Contender, input: InputValue): Promise<Answer> {
  const { output, values } = await resultOf(contender, input);
  const classes = Array.from(values, (score, index) => ({ name: output.labels?.[index] ?? String(index), score }));
  return classes.sort((a, b) => b.score - a.score).slice(0, shownClasses);
}

interface AnswersProps {
  readonly contenders: readonly Contender[];
  /** One for each. */
  readonly answers: readonly Answer[] | undefined;
}

export function Answers({ contenders, answers }: AnswersProps) {
  return (
    <div class="demo-answers" aria-live="polite">
      {contenders.map(({ title, model, latency }, index) => (
        <section key={title} class="step" aria-label={text(title)}>
          <div class="part-head">
            <h2>{text(title)}</h2>
            <span class="faint">
              {bytesText(model.byteLength)}, {millisecondsText(latency.medianMs)}
            </span>
          </div>
          <table>
            <tbody>
              {answers?.[index]?.map(({ name, score }) => (
                <tr key={name}>
                  <th scope="row" class="predicted">
                    {name}
                  </th>
                  <td>
                    <span class="bar-row">
                      <meter aria-hidden="true" min={0} max={1} value={score} />
                      {percentText(score)}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ))}
    </div>
  );
}

interface DemoPageProps {
  readonly title: string;
  readonly lead: string;
  readonly failure: string;
  readonly children: ComponentChildren;
}

export function DemoPage({ title, lead, failure, children }: DemoPageProps) {
  return (
    <main class="page demo">
      <h1>{title}</h1>
      <p class="faint">{lead}</p>
      {failure && (
        <p class="warning" role="alert" lang="en">
          {failure}
        </p>
      )}
      {children}
    </main>
  );
}

/** Draws the demo once engine and words are there. */
export async function startDemo(Demo: () => ComponentChildren): Promise<void> {
  await useOwnEngine();
  await useLanguage(preferredLanguage());
  const root = document.getElementById("app");
  if (root) render(<Demo />, root);
}
