// A demo in one file: spoken words, by the float model and by int8, from its own sounds, a .wav or the microphone.
import type { Pixels } from "litequant";
import { useEffect, useState } from "preact/hooks";
import samples from "../../examples/keywords/samples.json";
import { FileButton } from "../components/FileButton.js";
import { Thumbnail } from "../components/Thumbnail.js";
import { secondsPart } from "../offline/contents.js";
import { pictureOfValues } from "../pictures.js";
import { loudestSecond } from "../sounds.js";
import { text } from "../text.js";
import {
  type Answer,
  Answers,
  type Contender,
  DemoPage,
  answerOf,
  contendersFor,
  messageOf,
  startDemo,
} from "./contenders.js";
import { Microphone } from "./Microphone.js";
import { PictureRow } from "./PictureRow.js";

const { rate } = samples;
const examplesShown = 24;

interface Sound {
  readonly values: Float32Array;
  readonly picture: Pixels;
}

const soundOf = (values: Float32Array): Sound => ({ values, picture: pictureOfValues(values, [1, rate]) });

/** Any file the browser can play, as values at the model's rate. */
async function decoded(bytes: Uint8Array): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, rate, rate);
  const buffer = await context.decodeAudioData(bytes.slice().buffer);
  return buffer.getChannelData(0);
}

function play({ values }: Sound): void {
  const context = new AudioContext({ sampleRate: rate });
  const buffer = context.createBuffer(1, values.length, rate);
  buffer.copyToChannel(Float32Array.from(values), 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.onended = () => void context.close();
  source.start();
}

function Demo() {
  const [sounds, setSounds] = useState<readonly Sound[]>([]);
  const [both, setBoth] = useState<readonly Contender[]>([]);
  const [sound, setSound] = useState<Sound>();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const [failure, setFailure] = useState("");
  const fail = (error: unknown) => setFailure(messageOf(error));
  useEffect(() => {
    const start = async () => {
      const files = (await secondsPart("samples", rate)).slice(0, examplesShown);
      const shown = await Promise.all(files.map(async (file) => soundOf(await decoded(await file.read()))));
      setSounds(shown);
      const calibration = await secondsPart("calibration", rate);
      setBoth(await contendersFor("keywords.tflite", calibration, { int8: "column.quantized" }));
      setSound(shown[0]);
    };
    start().catch(fail);
  }, []);
  useEffect(() => {
    if (!sound || both.length === 0) return;
    let isWanted = true;
    Promise.all(both.map((one) => answerOf(one, sound.values))).then((found) => isWanted && setAnswers(found), fail);
    return () => {
      isWanted = false;
    };
  }, [both, sound]);
  const take = async (file: File) => {
    const values = await decoded(new Uint8Array(await file.arrayBuffer()));
    setSound(soundOf(loudestSecond(values, rate)));
  };
  return (
    <DemoPage title={text("demo.keywords.title")} lead={text("demo.keywords.lead")} failure={failure}>
      <PictureRow
        pictures={sounds.map(({ picture }) => picture)}
        chosen={sound?.picture}
        label="demo.sound"
        onChoose={(picture) => setSound(sounds.find((one) => one.picture === picture))}
      />
      <div class="actions">
        <FileButton testId="sound" accept="audio/*" onFile={(file) => void take(file).catch(fail)}>
          {text("demo.keywords.own")}
        </FileButton>
        {sound && (
          <button type="button" class="button" onClick={() => play(sound)}>
            {text("demo.listen")}
          </button>
        )}
        <Microphone
          rate={rate}
          onSound={(values) => setSound(soundOf(values))}
          onFailure={() => setFailure(text("microphone.denied"))}
        />
      </div>
      {sound && (
        <div class="demo-sound">
          <Thumbnail pixels={sound.picture} label={text("demo.keywords.picture")} />
        </div>
      )}
      <Answers contenders={both} answers={answers} />
    </DemoPage>
  );
}

void startDemo(Demo);
