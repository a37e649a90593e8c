import { Icon } from "./icon.tsx";
import { useCopy } from "./use-copy.ts";

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { copy, status, isCopied } = useCopy(text);
  return (
    <button
      type="button"
      className="button-icon"
      aria-label={status ?? label}
      title={status ?? label}
      onClick={copy}
    >
      <Icon name={isCopied ? "check" : "copy"} size={15} />
    </button>
  );
}
