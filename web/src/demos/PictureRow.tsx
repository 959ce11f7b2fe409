import type { Pixels } from "litequant";
import { Thumbnail } from "../components/Thumbnail.js";
import { text } from "../text.js";

interface PictureRowProps {
  readonly pictures: readonly Pixels[];
  readonly chosen: Pixels | undefined;
  /** What one of them is called. */
  readonly label?: "demo.picture" | "demo.sound";
  readonly onChoose: (picture: Pixels) => void;
}

/** Small pictures, one of which is chosen. */
export function PictureRow({ pictures, chosen, label = "demo.picture", onChoose }: PictureRowProps) {
  return (
    <div class="thumbnail-row">
      {pictures.map((pixels, index) => (
        <button
          key={index}
          type="button"
          class="thumbnail-button"
          aria-label={text(label, { number: index + 1 })}
          aria-pressed={pixels === chosen}
          onClick={() => onChoose(pixels)}
        >
          <Thumbnail pixels={pixels} />
        </button>
      ))}
    </div>
  );
}
