import { useEffect, useState } from "react";
import { copyText } from "./copy-text.ts";

const SAID_MS = 1_600;

/** Copies, and says for a moment how that went. */
export function useCopy(text: string | (() => string)) {
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

  const said = result === null ? null : result === "copied" ? "Copied" : "Copying failed";
  return { copy, said, isCopied: result === "copied" };
}
