import { useEffect, useEffectEvent } from "react";
import { isComposing } from "./is-composing.ts";

/** Runs an action on Escape, wherever the focus is, unless Escape closes or cancels something else. */
export function useEscape(action: (() => void) | null): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || isComposing(event) || action === null) return;
    const isField = event.target instanceof Element && event.target.closest("input, .edit, select") !== null;
    if (isField || document.querySelector("dialog[open], :popover-open") !== null) return;
    action();
  });

  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}
