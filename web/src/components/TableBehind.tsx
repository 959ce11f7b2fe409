import { text } from "../text.js";
import { NumberTable } from "./NumberTable.js";

interface TableBehindProps {
  /** What the drawing is called. */
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly caption?: string;
}

/** The numbers of a drawing, folded up below it. */
export function TableBehind({ title, ...table }: TableBehindProps) {
  return (
    <details>
      <summary>{text("action.table")}</summary>
      <div class="table-frame short" role="region" aria-label={title} tabIndex={0}>
        <NumberTable {...table} />
      </div>
    </details>
  );
}
