import type { OperatorPlace } from "litequant";
import type { CountKey } from "../text.js";
import { countText } from "../text.js";

const most = 200;

/** Operators and what is to be said of each, folded away; nothing where there are none. */
export function Places({ title, places, kind }: { title: CountKey; places: readonly OperatorPlace[]; kind?: string }) {
  if (places.length === 0) return null;
  return (
    <details {...(kind && { class: kind })}>
      <summary>{countText(title, places.length)}</summary>
      <ul class="places" lang="en">
        {places.slice(0, most).map(({ graph, node, operator, reason }) => (
          <li key={`${graph}:${node}`}>
            {operator} {graph > 0 ? `${graph}:${node}` : node}: {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}
