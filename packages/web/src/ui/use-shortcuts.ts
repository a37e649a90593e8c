import { useEffect, useEffectEvent } from "react";
import { type Shortcut, shortcutOf } from "./shortcuts.ts";

/** Handles keyboard shortcuts while the component is mounted. */
export function useShortcuts(actions: Partial<Record<Shortcut, () => void>>): void {
  useKeyDown((event) => {
    const shortcut = shortcutOf(event);
    const action = shortcut === null ? undefined : actions[shortcut];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

/** Handles Ctrl K, or ⌘ K, anywhere. */
export function useCtrlK(action: () => void): void {
  useKeyDown((event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.code !== "KeyK") return;
    event.preventDefault();
    action();
  });
}

/** Handles "?" outside of text fields. */
export function useQuestionMark(action: () => void): void {
  useKeyDown((event) => {
    const isWriting =
      event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
    if (event.key === "?" && !isWriting) action();
  });
}

/** Calls the newest handler for each key that goes down anywhere. */
function useKeyDown(handler: (event: KeyboardEvent) => void): void {
  const onKey = useEffectEvent(handler);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}
