import { useEffect, useState } from "react";
import { t } from "../texts/texts.ts";
import { copyText } from "./copy-text.ts";

const FEEDBACK_MS = 1_600;

/** Copies a text and reports the result for a moment. */
export function useCopy(text: string | (() => string)) {
  const [result, setResult] = useState<"copied" | "failed" | null>(null);

  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), FEEDBACK_MS);
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

  const status = result === null ? null : result === "copied" ? t.common.copied : t.common.copyFailed;
  return { copy, status, isCopied: result === "copied" };
}
