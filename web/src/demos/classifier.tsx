// A demo in one file: a classifier quantized here and now, beside its float model, on its own pictures, yours or the camera's.
import {
  type Model,
  type Pixels,
  type Session,
  calibrate,
  configure,
  createSession,
  decodeImage,
  imageToTensor,
  load,
  openDataset,
  quantize,
} from "litequant";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { FileButton } from "../components/FileButton.js";
import { Thumbnail } from "../components/Thumbnail.js";
import { exampleClassNames, exampleName, fetchExampleModel, fetchExamplePictures } from "../offline/example.js";
import { bytesText, millisecondsText, percentText } from "../numbers.js";
import { preferredLanguage, text, useLanguage } from "../text.js";

const shownClasses = 3;
const examplesShown = 20;

interface Contender {
  readonly title: "column.float" | "column.quantized";
  readonly model: Model;
  readonly session: Session;
}

interface Answer {
  readonly classes: readonly { readonly name: string; readonly score: number }[];
  readonly milliseconds: number;
}

async function contenders(pictures: readonly Pixels[]): Promise<readonly Contender[]> {
  const float = await load(await fetchExampleModel(), { name: exampleName });
  const statistics = await calibrate(float, await openDataset(pictures, float));
  const small = await quantize(float, { mode: "int8" }, statistics);
  return [
    { title: "column.float", model: float, session: await createSession(float) },
    { title: "column.quantized", model: small, session: await createSession(small) },
  ];
}

async function answerOf({ session }: Contender, picture: Pixels): Promise<Answer> {
  const [input] = session.inputs;
  const [output] = session.outputs;
  if (!input || !output) throw new Error("the model has no input or no output");
  const [, height = 1, width = 1] = input.shape;
  const { data } = await imageToTensor(picture, { height, width, normalize: input.normalization ?? [-1, 1] });
  const from = performance.now();
  const scores = (await session.run([data]))[output.name]?.data as Float32Array;
  const milliseconds = performance.now() - from;
  const classes = Array.from(scores, (score, index) => ({ name: exampleClassNames[index] ?? String(index), score }));
  return { classes: classes.sort((a, b) => b.score - a.score).slice(0, shownClasses), milliseconds };
}

function Demo() {
  const [pictures, setPictures] = useState<readonly Pixels[]>([]);
  const [both, setBoth] = useState<readonly Contender[]>([]);
  const [picture, setPicture] = useState<Pixels>();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const [failure, setFailure] = useState("");
  const fail = (error: unknown) => setFailure(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    const start = async () => {
      const { calibration, labelled } = await fetchExamplePictures();
      setPictures(labelled.slice(0, examplesShown));
      setBoth(await contenders(calibration));
      setPicture(labelled[0]);
    };
    start().catch(fail);
  }, []);
  useEffect(() => {
    if (!picture || both.length === 0) return;
    let isWanted = true;
    Promise.all(both.map((one) => answerOf(one, picture))).then((found) => isWanted && setAnswers(found), fail);
    return () => {
      isWanted = false;
    };
  }, [both, picture]);
  return (
    <main class="page demo">
      <h1>{text("demo.title")}</h1>
      <p class="faint">{text("demo.lead")}</p>
      {failure && (
        <p class="warning" role="alert" lang="en">
          {failure}
        </p>
      )}
      <div class="thumbnail-row">
        {pictures.map((pixels, index) => (
          <button
            key={index}
            type="button"
            class="thumbnail-button"
            aria-label={text("demo.picture", { number: index + 1 })}
            aria-pressed={pixels === picture}
            onClick={() => setPicture(pixels)}
          >
            <Thumbnail pixels={pixels} />
          </button>
        ))}
      </div>
      <div class="actions">
        <FileButton testId="picture" accept="image/*" onFile={(file) => void decodeImage(file).then(setPicture, fail)}>
          {text("samples.files")}
        </FileButton>
        <Camera onPicture={setPicture} onFailure={() => setFailure(text("camera.denied"))} />
      </div>
      <div class="demo-answers" aria-live="polite">
        {both.map((contender, index) => (
          <AnswerCard key={contender.title} contender={contender} answer={answers[index]} />
        ))}
      </div>
    </main>
  );
}

function AnswerCard({ contender: { title, model }, answer }: { contender: Contender; answer: Answer | undefined }) {
  return (
    <section class="step" aria-label={text(title)}>
      <div class="part-head">
        <h2>{text(title)}</h2>
        <span class="faint">
          {bytesText(model.byteLength)}
          {answer && `, ${millisecondsText(answer.milliseconds)}`}
        </span>
      </div>
      <table>
        <tbody>
          {answer?.classes.map(({ name, score }) => (
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
  );
}

interface CameraProps {
  readonly onPicture: (picture: Pixels) => void;
  readonly onFailure: () => void;
}

/** Looks five times a second for as long as it runs. */
function Camera({ onPicture, onFailure }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [stream, setStream] = useState<MediaStream>();
  useEffect(() => {
    if (!stream || !video.current) return;
    const element = video.current;
    element.srcObject = stream;
    const timer = setInterval(() => {
      const side = Math.min(element.videoWidth, element.videoHeight);
      if (side === 0) return;
      const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
      context?.drawImage(element, (side - element.videoWidth) / 2, (side - element.videoHeight) / 2);
      const data = context?.getImageData(0, 0, side, side).data;
      if (data) onPicture({ data, width: side, height: side });
    }, 200);
    return () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
    };
  }, [stream]);
  if (!("mediaDevices" in navigator)) return null;
  const start = () => void navigator.mediaDevices.getUserMedia({ video: true }).then(setStream, onFailure);
  return (
    <>
      <button type="button" class="button" onClick={stream ? () => setStream(undefined) : start}>
        {text(stream ? "camera.stop" : "camera.start")}
      </button>
      {stream && <video ref={video} autoplay muted playsInline aria-label={text("camera.view")} />}
    </>
  );
}

async function start(): Promise<void> {
  const [wasmBinary, worker] = await Promise.all(["engine", "worker"].map(litequantPart));
  const script = URL.createObjectURL(new Blob([worker as BlobPart], { type: "text/javascript" }));
  configure({ variant: "simd", wasmBinary: wasmBinary as Uint8Array, createWorker: () => new Worker(script) });
  await useLanguage(preferredLanguage());
  const root = document.getElementById("app");
  if (root) render(<Demo />, root);
}

void start();
