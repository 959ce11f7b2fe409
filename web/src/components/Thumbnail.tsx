import type { Pixels } from "litequant";
import { useEffect, useRef } from "preact/hooks";

/** A picture as the model sees it: after resizing and cropping. */
export function Thumbnail({ pixels, label }: { pixels: Pixels; label?: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const data = new Uint8ClampedArray(pixels.data);
    canvas.current?.getContext("2d")?.putImageData(new ImageData(data, pixels.width, pixels.height), 0, 0);
  }, [pixels]);
  const name = label === undefined ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return <canvas class="thumbnail" ref={canvas} width={pixels.width} height={pixels.height} {...name} />;
}
