import type { Pixels } from "litequant";
import { useEffect, useRef, useState } from "preact/hooks";
import { countText, text } from "../text.js";
import type { Workbench } from "../workbench.js";

const burst = 10;
const burstMs = 200;

/** Pictures from the camera as samples. Nothing is recorded until a button is pressed. */
export function CameraButton({ workbench, isBusy }: { workbench: Workbench; isBusy: boolean }) {
  const [stream, setStream] = useState<MediaStream>();
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    setStream(undefined);
  };
  const start = () =>
    void navigator.mediaDevices
      .getUserMedia({ video: { facingMode: "environment" } })
      .then(setStream, () => workbench.fail(new Error(text("camera.denied"))));
  // Pages without a secure origin have no camera.
  if (!("mediaDevices" in navigator)) return null;
  return (
    <>
      <button type="button" class="button" disabled={isBusy} onClick={stream ? stop : start}>
        {text(stream ? "camera.stop" : "camera.start")}
      </button>
      {stream && <CameraPane stream={stream} workbench={workbench} isBusy={isBusy} />}
    </>
  );
}

interface CameraPaneProps {
  readonly stream: MediaStream;
  readonly workbench: Workbench;
  readonly isBusy: boolean;
}

function CameraPane({ stream, workbench, isBusy }: CameraPaneProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [pictures, setPictures] = useState<readonly Pixels[]>([]);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
    return () => stream.getTracks().forEach((track) => track.stop());
  }, [stream]);
  const take = async (count: number) => {
    const taken = [...pictures];
    for (let i = 0; i < count; ++i) {
      if (video.current) taken.push(pictureOf(video.current));
      setPictures([...taken]);
      if (i + 1 < count) await new Promise((resolve) => setTimeout(resolve, burstMs));
    }
  };
  return (
    <div class="camera">
      <video ref={video} autoplay muted playsInline aria-label={text("camera.view")} />
      <div class="actions">
        <button type="button" class="button" onClick={() => void take(1)}>
          {text("camera.take")}
        </button>
        <button type="button" class="button" onClick={() => void take(burst)}>
          {countText("camera.burst", burst)}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={pictures.length === 0 || isBusy}
          onClick={() => void workbench.useCameraPictures(pictures)}
        >
          {countText("camera.use", pictures.length)}
        </button>
      </div>
    </div>
  );
}

function pictureOf(video: HTMLVideoElement): Pixels {
  const { videoWidth: width, videoHeight: height } = video;
  const context = new OffscreenCanvas(width || 1, height || 1).getContext("2d", { willReadFrequently: true });
  context?.drawImage(video, 0, 0);
  const data = context?.getImageData(0, 0, width || 1, height || 1).data ?? new Uint8ClampedArray(4);
  return { data, width: width || 1, height: height || 1 };
}
