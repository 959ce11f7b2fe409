// A demo in one file: a classifier quantized here and now, beside its float model, on its own pictures, yours or the camera's.
import { type Pixels, decodeImage, imageToTensor } from "litequant";
import { useEffect, useRef, useState } from "preact/hooks";
import samples from "../../examples/characters/samples.json";
import { FileButton } from "../components/FileButton.js";
import { PictureRow } from "./PictureRow.js";
import { tilesPart } from "../offline/contents.js";
import { text } from "../text.js";
import { type Answer, Answers, type Contender, DemoPage, answerOf, contendersFor, startDemo } from "./contenders.js";
import { useHeld } from "./held.js";

const examplesShown = 20;

async function answerTo(contender: Contender, picture: Pixels): Promise<Answer> {
  const [input] = contender.session.inputs;
  const [, height = 1, width = 1] = input?.shape ?? [];
  const { data } = await imageToTensor(picture, { height, width, normalize: input?.normalization ?? [-1, 1] });
  return await answerOf(contender, data);
}

function Demo() {
  const { questions, contenders, chosen, choose, found, failure, fail } = useHeld({
    questions: async () => (await tilesPart("samples", samples.tile)).slice(0, examplesShown),
    contenders: async () =>
      contendersFor("characters.tflite", await tilesPart("calibration", samples.tile), { int8: "column.quantized" }),
    ask: (all, picture: Pixels) => Promise.all(all.map((one) => answerTo(one, picture))),
  });
  return (
    <DemoPage title={text("demo.title")} lead={text("demo.lead")} failure={failure}>
      <PictureRow pictures={questions} chosen={chosen} onChoose={choose} />
      <div class="actions">
        <FileButton testId="picture" accept="image/*" onFile={(file) => void decodeImage(file).then(choose, fail)}>
          {text("demo.denoise.own")}
        </FileButton>
        <Camera onPicture={choose} onFailure={() => fail(new Error(text("camera.denied")))} />
      </div>
      <Answers contenders={contenders} answers={found} />
    </DemoPage>
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

void startDemo(Demo);
