import type { Pixels } from "litequant";
import { useMemo, useState } from "preact/hooks";
import type { OutputValues } from "../outputs.js";
import { spreadOf } from "../pictures.js";
import { text } from "../text.js";
import { Thumbnail } from "./Thumbnail.js";

interface BeforeAfterProps {
  readonly float: OutputValues;
  readonly quantized: OutputValues;
  readonly names?: readonly [string, string];
}

/** Both pictures over one another, parted by a slider; 0…255 is spread over the first one's own range. */
export function BeforeAfter({ float, quantized, names }: BeforeAfterProps) {
  const [first, second] = names ?? [text("column.float"), text("column.quantized")];
  const [share, setShare] = useState(50);
  const [before, after] = useMemo(() => {
    const { least, most } = spreadOf(float.values);
    return [pictureOf(float, least, most), pictureOf(quantized, least, most)];
  }, [float, quantized]);
  return (
    <div class="before-after" style={{ "--cut": `${share}%` }}>
      <div class="before-after-pictures">
        <Thumbnail pixels={before} label={first} />
        <div class="after">
          <Thumbnail pixels={after} label={second} />
        </div>
      </div>
      <input
        type="range"
        min="0"
        max="100"
        value={share}
        aria-label={text("outputs.slider")}
        onInput={(event) => setShare(event.currentTarget.valueAsNumber)}
      />
      <p class="faint before-after-names" aria-hidden="true">
        <span>{first}</span>
        <span>{second}</span>
      </p>
    </div>
  );
}

function pictureOf({ shape, values }: OutputValues, least: number, most: number): Pixels {
  const [, height = 1, width = 1, channels = 1] = shape;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const factor = 255 / (most > least ? most - least : 1);
  for (let pixel = 0; pixel < width * height; ++pixel) {
    for (let channel = 0; channel < 3; ++channel) {
      const value = values[pixel * channels + (channels === 1 ? 0 : channel)] ?? 0;
      data[pixel * 4 + channel] = (value - least) * factor;
    }
  }
  return { data, width, height };
}
