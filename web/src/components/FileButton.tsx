import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type Chosen, chosenFiles } from "../dropped.js";

interface FileButtonProps {
  readonly children: ComponentChildren;
  readonly onChosen: (chosen: Chosen) => void;
  readonly accept?: string;
  readonly multiple?: boolean;
  readonly folder?: boolean;
  readonly disabled?: boolean;
  readonly testId: string;
}

/** A button that opens the platform's file dialog. */
export function FileButton({ children, onChosen, accept, multiple, folder, disabled, testId }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="button" disabled={disabled} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        data-testid={testId}
        accept={accept}
        multiple={multiple}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files && files.length > 0) onChosen(chosenFiles(files));
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
