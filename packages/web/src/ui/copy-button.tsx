import { Icon } from "./icon.tsx";
import { useCopy } from "./use-copy.ts";

interface CopyButtonProps {
  /** Or how to make it, for what is costly. */
  text: string | (() => string);
  label: string;
  words?: string;
}

export function CopyButton({ text, label, words = "Copy" }: CopyButtonProps) {
  const { copy, said, isCopied } = useCopy(text);
  return (
    <button type="button" className="button-text copy" aria-label={said ?? label} onClick={copy}>
      <Icon name={isCopied ? "check" : "copy"} size={14} /> {said ?? words}
    </button>
  );
}
