import type { Pixels } from "litequant";
import { scoreText } from "../numbers.js";
import type { Box } from "../outputs.js";
import { text } from "../text.js";
import { Thumbnail } from "./Thumbnail.js";

interface BoxesProps {
  readonly picture: Pixels;
  readonly float: readonly Box[];
  readonly quantized: readonly Box[];
  readonly classNames: readonly string[];
}

/** What both models found, drawn on the picture; the table says it in words, by the same numbers. */
export function Boxes({ picture, float, quantized, classNames }: BoxesProps) {
  const both = [
    ["float", float],
    ["quantized", quantized],
  ] as const;
  const name = ({ classIndex }: Box) => classNames[classIndex] ?? text("compare.class", { number: String(classIndex) });
  return (
    <>
      <div class="masks">
        {both.map(([which, boxes]) => (
          <figure key={which}>
            <div class={`boxed ${which}`}>
              <Thumbnail pixels={picture} label={text(`column.${which}`)} />
              <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
                {boxes.map(({ left, top, right, bottom }, index) => (
                  <rect
                    key={index}
                    x={left}
                    y={top}
                    width={Math.max(0, right - left)}
                    height={Math.max(0, bottom - top)}
                  />
                ))}
              </svg>
              {boxes.map(({ left, top }, index) => (
                <span key={index} class="box-number" aria-hidden="true" style={{ left: share(left), top: share(top) }}>
                  {index + 1}
                </span>
              ))}
            </div>
            <figcaption>{text(`column.${which}`)}</figcaption>
          </figure>
        ))}
      </div>
      {float.length + quantized.length === 0 ? (
        <p class="notice">{text("outputs.noBoxes")}</p>
      ) : (
        <table class="narrow boxes">
          <thead>
            <tr>
              <th scope="col">{text("outputs.model")}</th>
              <th scope="col" class="number">
                {text("outputs.box")}
              </th>
              <th scope="col">{text("outputs.class")}</th>
              <th scope="col" class="number">
                {text("outputs.score")}
              </th>
            </tr>
          </thead>
          <tbody>
            {both.flatMap(([which, boxes]) =>
              boxes.map((box, index) => (
                <tr key={`${which}${index}`}>
                  <th scope="row">{text(`column.${which}`)}</th>
                  <td class="number">{index + 1}</td>
                  <td>{name(box)}</td>
                  <td class="number">{scoreText(box.score)}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Where a number stands; one of a box that begins outside stands at the picture's edge. */
const share = (place: number) => `${100 * Math.min(0.95, Math.max(0, place))}%`;
