import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { type Chosen, chosenFiles } from "../dropped.js";

interface FileButtonProps {
  readonly children: ComponentChildren;
  /** Models and data apart; or, with onFile, the first file whatever it is. */
  readonly onChosen?: (chosen: Chosen) => void;
  readonly onFile?: (file: File) => void;
  readonly accept?: string;
  readonly multiple?: boolean;
  readonly folder?: boolean;
  readonly disabled?: boolean;
  readonly isPrimary?: boolean;
  readonly testId: string;
}

/** A button that opens the platform's file dialog. */
export function FileButton(props: FileButtonProps) {
  const { children, onChosen, onFile, accept, multiple, folder, disabled, isPrimary, testId } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class={isPrimary ? "button primary" : "button"}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
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
          const [first] = files ?? [];
          if (files && first) {
            onChosen?.(chosenFiles(files));
            onFile?.(first);
          }
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
