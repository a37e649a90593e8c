import { useRef } from "react";
import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";

interface FileButtonProps {
  /** What the file is, for assistive technology. */
  fileLabel: string;
  className: string;
  onFile: (file: File) => void;
}

/** Imports a JSON file that the user chooses. */
export function FileButton({ fileLabel, className, onFile }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={className} onClick={() => input.current?.click()}>
        <Icon name="upload" size={15} /> {t.common.import}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept="application/json,.json"
        aria-label={fileLabel}
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file can be chosen again.
          event.target.value = "";
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
