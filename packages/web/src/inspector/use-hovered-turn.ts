import { useCallback, useEffect, useRef, useState } from "react";

/** Long enough that a pointer on its way across the page shows nothing. */
const REST_MS = 140;

/** The answer that is pointed at: by a pointer that rests on it, or by the focus. */
export function useHoveredTurn() {
  const [turnId, setTurnId] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const point = useCallback((next: string | null) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setTurnId(next), REST_MS);
  }, []);

  useEffect(() => () => clearTimeout(timer.current), []);
  return { pointed: turnId, point };
}
