import { useCallback, useState } from "react";
import { TOUR, type TourStep } from "./tour-steps.ts";

export interface Tour {
  /** null: nobody is on it. */
  readonly step: TourStep | null;
  readonly number: number;
  /** The step has been done. */
  readonly isDone: boolean;
  readonly start: () => void;
  readonly done: () => void;
  readonly next: () => void;
  readonly leave: () => void;
}

/** Where one is on the guided tour; `onNewSession` begins the session that a step wants of its own. */
export function useTour(onNewSession: () => void): Tour {
  const [at, setAt] = useState<{ index: number; isDone: boolean } | null>(null);

  const go = useCallback(
    (index: number) => {
      const step = TOUR[index];
      setAt(step === undefined ? null : { index, isDone: false });
      if (step?.isFirst) onNewSession();
    },
    [onNewSession],
  );

  return {
    step: at === null ? null : (TOUR[at.index] ?? null),
    number: at === null ? 0 : at.index + 1,
    isDone: at?.isDone ?? false,
    start: () => go(0),
    done: () => setAt((before) => before && { ...before, isDone: true }),
    next: () => at !== null && go(at.index + 1),
    leave: () => setAt(null),
  };
}
