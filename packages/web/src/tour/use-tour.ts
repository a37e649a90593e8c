import { useState } from "react";

/** Where one is on the guided tour. What its steps are comes with the card that shows them. */
export interface Tour {
  /** null: nobody is on it. */
  readonly index: number | null;
  /** The step has been done. */
  readonly isDone: boolean;
  readonly start: () => void;
  readonly done: () => void;
  /** On to a step, perhaps in a session of its own. */
  readonly go: (index: number, inNewSession: boolean) => void;
  readonly leave: () => void;
}

export function useTour(onNewSession: () => void): Tour {
  const [at, setAt] = useState<{ index: number; isDone: boolean } | null>(null);

  function go(index: number, inNewSession: boolean) {
    setAt({ index, isDone: false });
    if (inNewSession) onNewSession();
  }

  return {
    index: at?.index ?? null,
    isDone: at?.isDone ?? false,
    start: () => go(0, true),
    done: () => setAt((before) => before && { ...before, isDone: true }),
    go,
    leave: () => setAt(null),
  };
}
