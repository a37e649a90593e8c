import { useEffect, useState } from "react";
import { Icon } from "../icons/icon.tsx";
import { copyText } from "./copy-text.ts";

const SAID_MS = 1_600;

interface CopyButtonProps {
  /** Or how to make it, for what is costly. */
  text: string | (() => string);
  label: string;
  words?: string;
}

export function CopyButton({ text, label, words = "Copy" }: CopyButtonProps) {
  const [result, setResult] = useState<"copied" | "failed" | null>(null);

  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [result]);

  async function copy() {
    try {
      await copyText(typeof text === "string" ? text : text());
      setResult("copied");
    } catch {
      setResult("failed");
    }
  }

  const shown = result === null ? words : result === "copied" ? "Copied" : "Copying failed";
  return (
    <button
      type="button"
      className="button-text copy"
      aria-label={result === null ? label : shown}
      onClick={copy}
    >
      <Icon name={result === "copied" ? "check" : "copy"} size={14} /> {shown}
    </button>
  );
}
