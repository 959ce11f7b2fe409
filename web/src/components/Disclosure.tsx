import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** A part that opens; what is in it is only drawn then. */
export function Disclosure({ title, children }: { title: string; children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="disclosure" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{title}</h3>
      </summary>
      {isOpen && <div class="disclosure-body">{children}</div>}
    </details>
  );
}
