import { useState } from "react";

/** The position in the guided tour. The steps are loaded with the card that shows them. */
export interface Tour {
  /** null: the tour is not running. */
  readonly index: number | null;
  /** True once the step's message was sent. */
  readonly isDone: boolean;
  readonly start: () => void;
  readonly done: () => void;
  /** Goes to a step, in a new session if the step needs one. */
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
