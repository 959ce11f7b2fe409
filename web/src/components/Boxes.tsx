import type { Pixels } from "litequant";
import type { Box } from "../outputs.js";
import { text } from "../text.js";
import { Thumbnail } from "./Thumbnail.js";

interface BoxesProps {
  readonly picture: Pixels;
  readonly float: readonly Box[];
  readonly quantized: readonly Box[];
  readonly classNames: readonly string[];
}

/** What both models found, drawn on the picture; the table says it in words. */
export function Boxes({ picture, float, quantized, classNames }: BoxesProps) {
  const both = [
    ["float", float],
    ["quantized", quantized],
  ] as const;
  const name = ({ classIndex }: Box) => classNames[classIndex] ?? String(classIndex);
  return (
    <>
      <div class="masks">
        {both.map(([which, boxes]) => (
          <figure key={which}>
            <div class="boxed">
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
            </div>
            <figcaption>{text(`column.${which}`)}</figcaption>
          </figure>
        ))}
      </div>
      <table class="narrow">
        <thead>
          <tr>
            <th scope="col">{text("outputs.model")}</th>
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
                <td>{name(box)}</td>
                <td class="number">{box.score.toFixed(2)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </>
  );
}
