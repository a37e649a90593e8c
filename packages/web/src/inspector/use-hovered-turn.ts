import { useCallback, useEffect, useRef, useState } from "react";

/** Long enough to ignore a pointer that only crosses the page. */
const HOVER_DELAY_MS = 140;

/** Returns the turn of the answer on which the pointer rests or that has the focus. */
export function useHoveredTurn() {
  const [turnId, setTurnId] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const hover = useCallback((next: string | null) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setTurnId(next), HOVER_DELAY_MS);
  }, []);

  useEffect(() => () => clearTimeout(timer.current), []);
  return { hovered: turnId, hover };
}
