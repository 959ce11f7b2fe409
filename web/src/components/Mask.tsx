import type { Pixels } from "litequant";
import { useMemo } from "preact/hooks";
import { percentText } from "../numbers.js";
import { type OutputValues, classesOfMask } from "../outputs.js";
import { text } from "../text.js";
import { NumberTable } from "./NumberTable.js";
import { Thumbnail } from "./Thumbnail.js";

const mostNamed = 40;

interface MaskProps {
  readonly float: OutputValues;
  readonly quantized: OutputValues;
  readonly picture: Pixels | undefined;
  readonly classNames: readonly string[];
}

/** The class of each pixel as a colour over the picture, for both models and where they differ. */
export function Mask({ float, quantized, picture, classNames }: MaskProps) {
  const { pictures, shares, differing } = useMemo(() => {
    const [a, b] = [classesOfMask(float), classesOfMask(quantized)];
    const [, height = 1, width = 1] = float.shape;
    const differs = a.map((value, pixel) => (value === b[pixel] ? 0 : 1));
    const found = [...new Set([...a, ...b])].sort((x, y) => x - y);
    const count = (classes: Uint8Array, wanted: number) =>
      classes.filter((value) => value === wanted).length / a.length;
    return {
      pictures: [
        overlay(a, width, height, picture, colours),
        overlay(b, width, height, picture, colours),
        overlay(differs, width, height, picture, [], alarm),
      ],
      shares: found.map((value) => [value, count(a, value), count(b, value)] as const),
      differing: count(differs, 1),
    };
  }, [float, quantized, picture]);
  const titles = [
    text("column.float"),
    text("column.quantized"),
    text("outputs.differs", { share: percentText(differing) }),
  ];
  return (
    <>
      <div class="masks">
        {pictures.map((pixels, index) => (
          <figure key={index}>
            <Thumbnail pixels={pixels} label={titles[index] ?? ""} />
            <figcaption>{titles[index]}</figcaption>
          </figure>
        ))}
      </div>
      <p class="legend" aria-hidden="true">
        {shares
          .filter(([value]) => value !== 0)
          .slice(0, mostNamed)
          .map(([value]) => (
            <span key={value}>
              <span class="swatch" style={{ background: `rgb(${colourOf(value).join(" ")})` }} />
              {classNames[value] ?? value}
            </span>
          ))}
      </p>
      <NumberTable
        kind="narrow"
        columns={[text("outputs.class"), text("column.float"), text("column.quantized")]}
        rows={shares
          .slice(0, mostNamed)
          .map(([value, a, b]) => [classNames[value] ?? value, percentText(a), percentText(b)])}
      />
    </>
  );
}

/** Neighbouring classes are apart in hue by the golden angle. */
function colourOf(classIndex: number): number[] {
  const hue = (classIndex * 137.5) / 60;
  return [0, 4, 2].map((shift) => Math.round(255 * Math.min(1, Math.max(0, Math.abs(((hue + shift) % 6) - 3) - 1))));
}

const colours = Array.from({ length: 256 }, (_, value) => (value === 0 ? undefined : colourOf(value)));
/** Of pixels that differ; the picture is dimmed below them. */
const alarm = [255, 60, 60];

/** Class 0, mostly the background, is left clear. With `only`, the picture is dark and all else has that colour. */
function overlay(
  classes: Uint8Array,
  width: number,
  height: number,
  picture: Pixels | undefined,
  of: readonly (readonly number[] | undefined)[],
  only?: readonly number[],
): Pixels {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; ++pixel) {
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    const source = picture
      ? (Math.floor((y / height) * picture.height) * picture.width + Math.floor((x / width) * picture.width)) * 4
      : 0;
    const kind = classes[pixel] ?? 0;
    const colour = kind === 0 ? undefined : (only ?? of[kind]);
    for (let channel = 0; channel < 3; ++channel) {
      const below = (picture?.data[source + channel] ?? 40) * (only ? 0.4 : 1);
      data[pixel * 4 + channel] = colour ? (only ? 0 : 0.4 * below) + (only ? 1 : 0.6) * (colour[channel] ?? 0) : below;
    }
  }
  return { data, width, height };
}
