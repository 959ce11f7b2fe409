// A demo in one file: noise taken off pictures by int8 and by int16 activations, with a slider between any two of them.
import { type Pixels, decodeImage, imageToTensor } from "litequant";
import { useState } from "preact/hooks";
import { BeforeAfter } from "../components/BeforeAfter.js";
import { Choice } from "../components/Choice.js";
import { FileButton } from "../components/FileButton.js";
import { NumberTable } from "../components/NumberTable.js";
import { Thumbnail } from "../components/Thumbnail.js";
import { bytesText, decibelText, millisecondsText } from "../numbers.js";
import { tilesPart } from "../offline/contents.js";
import type { OutputValues } from "../outputs.js";
import { type TextKey, text } from "../text.js";
import { type Contender, DemoPage, contendersFor, resultOf, startDemo } from "./contenders.js";
import { useHeld } from "./held.js";
import { PictureRow } from "./PictureRow.js";

const side = 96;
const shape = [1, side, side, 3] as const;
const noise = 30;
/** Errors of single steps cannot be seen: they are drawn so many times as large. */
const enlarged = 16;

/** A picture that can be looked at: the one given, or what a model made of it. */
interface View extends OutputValues {
  readonly title: TextKey;
}

async function viewsOf(contenders: readonly Contender[], picture: Pixels): Promise<readonly View[]> {
  const { data } = await imageToTensor(picture, { height: side, width: side, resize: "cover", normalize: [-1, 1] });
  const values = data as Float32Array;
  const views: View[] = [{ title: "demo.noisy", name: "", shape, values }];
  for (const contender of contenders) {
    const { values: found } = await resultOf(contender, values);
    views.push({ title: contender.title, name: contender.title, shape, values: found });
  }
  return views;
}

/** The user's picture, small, with the noise that the model was made to take off. */
async function withNoise(file: File): Promise<Pixels> {
  const picture = await decodeImage(file);
  const options = { height: side, width: side, resize: "cover", normalize: [0, 255] } as const;
  const { data } = await imageToTensor(picture, options);
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let pixel = 0; pixel < side * side; ++pixel) {
    for (let channel = 0; channel < 3; ++channel) {
      const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
      pixels[pixel * 4 + channel] = Number(data[pixel * 3 + channel]) + noise * normal;
    }
  }
  return { data: pixels, width: side, height: side };
}

/** Ratio of what the float model gives to what the other one errs. */
function signalToNoise(float: Float32Array, other: Float32Array): number {
  let signal = 0;
  let error = 0;
  float.forEach((value, index) => {
    signal += value * value;
    error += (value - (other[index] ?? 0)) ** 2;
  });
  return 10 * Math.log10(signal / error);
}

function differences(float: Float32Array, other: Float32Array): Pixels {
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let pixel = 0; pixel < side * side; ++pixel) {
    for (let channel = 0; channel < 3; ++channel) {
      const error = (other[pixel * 3 + channel] ?? 0) - (float[pixel * 3 + channel] ?? 0);
      data[pixel * 4 + channel] = 127.5 + 127.5 * error * enlarged;
    }
  }
  return { data, width: side, height: side };
}

function Demo() {
  const {
    questions,
    contenders,
    chosen,
    choose,
    found: views = [],
    failure,
    fail,
  } = useHeld({
    questions: () => tilesPart("samples", side),
    contenders: async () =>
      contendersFor("denoise.tflite", await tilesPart("calibration", side), {
        int8: "mode.int8",
        int16x8: "mode.int16x8",
      }),
    ask: viewsOf,
  });
  const [titles, setTitles] = useState<readonly [TextKey, TextKey]>(["mode.int8", "mode.int16x8"]);
  const viewOf = (title: TextKey) => views.find((view) => view.title === title);
  const [left, right] = titles.map(viewOf);
  const float = viewOf("column.float");
  const choices = views.map(({ title }) => [title, text(title)] as const);
  return (
    <DemoPage title={text("demo.denoise.title")} lead={text("demo.denoise.lead")} failure={failure}>
      <PictureRow pictures={questions} chosen={chosen} onChoose={choose} />
      <div class="actions">
        <FileButton testId="picture" accept="image/*" onFile={(file) => void withNoise(file).then(choose, fail)}>
          {text("demo.denoise.own")}
        </FileButton>
      </div>
      {left && right && (
        <section class="step" aria-label={text("demo.denoise.slider")}>
          <div class="field-row">
            <Choice
              label={text("demo.left")}
              value={titles[0]}
              choices={choices}
              isDisabled={false}
              onChange={(title) => setTitles([title, titles[1]])}
            />
            <Choice
              label={text("demo.right")}
              value={titles[1]}
              choices={choices}
              isDisabled={false}
              onChange={(title) => setTitles([titles[0], title])}
            />
          </div>
          <BeforeAfter float={left} quantized={right} names={[text(left.title), text(right.title)]} />
        </section>
      )}
      {float && (
        <section class="step" aria-label={text("demo.denoise.errors")}>
          <h2>{text("demo.denoise.errors")}</h2>
          <p class="faint">{text("demo.denoise.errorsMore", { count: enlarged })}</p>
          <div class="masks">
            {views.slice(2).map(({ title, values }) => (
              <figure key={title}>
                <Thumbnail pixels={differences(float.values, values)} label={text(title)} />
                <figcaption>{text(title)}</figcaption>
              </figure>
            ))}
          </div>
          <NumberTable
            kind="narrow"
            columns={[text("outputs.model"), text("column.bytes"), text("column.time"), "SQNR"]}
            rows={views
              .slice(1)
              .map(({ title, values }, index) => [
                text(title),
                bytesText(contenders[index]?.model.byteLength ?? 0),
                millisecondsText(contenders[index]?.latency.medianMs ?? 0),
                index === 0 ? "" : decibelText(signalToNoise(float.values, values)),
              ])}
          />
        </section>
      )}
    </DemoPage>
  );
}

void startDemo(Demo);
