// A demo in one file: spoken words, by the float model and by int8, from its own sounds, a .wav or the microphone.
import type { Pixels } from "litequant";
import samples from "../../examples/keywords/samples.json";
import { FileButton } from "../components/FileButton.js";
import { Thumbnail } from "../components/Thumbnail.js";
import { secondsPart } from "../offline/contents.js";
import { pictureOfValues } from "../pictures.js";
import { loudestSecond } from "../sounds.js";
import { text } from "../text.js";
import { Answers, DemoPage, answerOf, contendersFor, startDemo } from "./contenders.js";
import { useHeld } from "./held.js";
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
  const { questions, contenders, chosen, choose, found, failure, fail } = useHeld({
    questions: async () => {
      const files = (await secondsPart("samples", rate)).slice(0, examplesShown);
      return await Promise.all(files.map(async (file) => soundOf(await decoded(await file.read()))));
    },
    contenders: async () =>
      contendersFor("keywords.tflite", await secondsPart("calibration", rate), { int8: "column.quantized" }),
    ask: (all, { values }: Sound) => Promise.all(all.map((one) => answerOf(one, values))),
  });
  const take = async (file: File) => {
    const values = await decoded(new Uint8Array(await file.arrayBuffer()));
    choose(soundOf(loudestSecond(values, rate)));
  };
  return (
    <DemoPage title={text("demo.keywords.title")} lead={text("demo.keywords.lead")} failure={failure}>
      <PictureRow
        pictures={questions.map(({ picture }) => picture)}
        chosen={chosen?.picture}
        label="demo.sound"
        onChoose={(picture) => {
          const sound = questions.find((one) => one.picture === picture);
          if (sound) choose(sound);
        }}
      />
      <div class="actions">
        <FileButton testId="sound" accept="audio/*" onFile={(file) => void take(file).catch(fail)}>
          {text("demo.keywords.own")}
        </FileButton>
        {chosen && (
          <button type="button" class="button" onClick={() => play(chosen)}>
            {text("demo.listen")}
          </button>
        )}
        <Microphone
          rate={rate}
          onSound={(values) => choose(soundOf(values))}
          onFailure={() => fail(new Error(text("microphone.denied")))}
        />
      </div>
      {chosen && (
        <div class="demo-sound">
          <Thumbnail pixels={chosen.picture} label={text("demo.keywords.picture")} />
        </div>
      )}
      <Answers contenders={contenders} answers={found} />
    </DemoPage>
  );
}

void startDemo(Demo);
