import { useRef } from "react";
import { Icon } from "../../ui/icon.tsx";

interface AttachButtonProps {
  takesImages: boolean;
  onFiles: (files: readonly File[]) => void;
}

/** Opens the browser's file picker. */
export function AttachButton({ takesImages, onFiles }: AttachButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const label = takesImages ? "Add images or text files" : "Add text files";
  return (
    <>
      <button
        type="button"
        className="button-icon composer-attach"
        aria-label={label}
        title={`${label}: or paste, or drop them here`}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" size={17} />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={takesImages ? "image/*,text/*,.md,.json,.csv,.log" : "text/*,.md,.json,.csv,.log"}
        aria-label="Files to send"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // The same file can be chosen again.
          event.target.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}
