import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";

interface AttachButtonProps {
  takesImages: boolean;
  onFiles: (files: readonly File[]) => void;
}

/** Opens the browser's file picker. */
export function AttachButton({ takesImages, onFiles }: AttachButtonProps) {
  const label = t.composer.attach[takesImages ? "images" : "text"];
  const pick = () => {
    // A new one each time, so that the same file can be chosen again.
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = true;
    input.accept = `${takesImages ? "image/*," : ""}text/*,.md,.json,.csv,.log`;
    input.onchange = () => onFiles([...(input.files ?? [])]);
    input.click();
  };
  return (
    <button
      type="button"
      className="button-icon composer-attach"
      aria-label={label}
      title={t.composer.attachHint(label)}
      onClick={pick}
    >
      <Icon name="attach" size={17} />
    </button>
  );
}
