import { Icon } from "./icon.tsx";
import { useCopy } from "./use-copy.ts";

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { copy, said, isCopied } = useCopy(text);
  return (
    <button
      type="button"
      className="button-icon"
      aria-label={said ?? label}
      title={said ?? label}
      onClick={copy}
    >
      <Icon name={isCopied ? "check" : "copy"} size={15} />
    </button>
  );
}
