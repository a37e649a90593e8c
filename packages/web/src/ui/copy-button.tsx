import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { useCopy } from "./use-copy.ts";

interface CopyButtonProps {
  /** The text, or a function for one that is costly to make. */
  text: string | (() => string);
  label: string;
  /** The visible text; by default "Copy". */
  visibleText?: string;
}

export function CopyButton({ text, label, visibleText = t.common.copy }: CopyButtonProps) {
  const { copy, status, isCopied } = useCopy(text);
  return (
    <button type="button" className="button-text copy" aria-label={status ?? label} onClick={copy}>
      <Icon name={isCopied ? "check" : "copy"} size={14} /> {status ?? visibleText}
    </button>
  );
}
