import { useEffect, useState } from "preact/hooks";
import { text } from "../text.js";

interface MicrophoneProps {
  /** Values a second that are wanted. */
  readonly rate: number;
  readonly onSound: (second: Float32Array) => void;
  readonly onFailure: () => void;
}

const lookMs = 200;

/** Gives the last second, five times a second, for as long as it listens. Nothing is kept. */
export function Microphone({ rate, onSound, onFailure }: MicrophoneProps) {
  const [stream, setStream] = useState<MediaStream>();
  useEffect(() => {
    if (!stream) return;
    let context: AudioContext;
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      context = new AudioContext({ sampleRate: rate });
      const analyser = new AnalyserNode(context, { fftSize: 2 ** Math.ceil(Math.log2(rate)) });
      context.createMediaStreamSource(stream).connect(analyser);
      const heard = new Float32Array(analyser.fftSize);
      timer = setInterval(() => {
        analyser.getFloatTimeDomainData(heard);
        onSound(heard.slice(-rate));
      }, lookMs);
    } catch {
      onFailure(); // a browser that cannot listen at this rate
    }
    return () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      void context?.close();
    };
  }, [stream]);
  if (!("mediaDevices" in navigator)) return null;
  const start = () => void navigator.mediaDevices.getUserMedia({ audio: true }).then(setStream, onFailure);
  return (
    <button type="button" class="button" onClick={stream ? () => setStream(undefined) : start}>
      {text(stream ? "microphone.stop" : "microphone.start")}
    </button>
  );
}
