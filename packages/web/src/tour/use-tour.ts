import { useState } from "react";
import { newGroup, type SessionGroup } from "../chat/state/session-id.ts";

/** The position in the guided tour. The steps are loaded with the card that shows them. */
export interface Tour {
  /** null: the tour is not running. */
  readonly index: number | null;
  /** True once the step's message was sent. */
  readonly isDone: boolean;
  /** The sessions that it has opened. */
  readonly sessions: readonly string[];
  readonly start: () => void;
  readonly done: () => void;
  /** Goes to a step, in a new session if the step needs one. */
  readonly go: (index: number, inNewSession: boolean) => void;
  readonly leave: () => void;
}

export function useTour(openNewSession: (group: SessionGroup) => string): Tour {
  const [at, setAt] = useState<{ index: number; isDone: boolean } | null>(null);
  const [group, setGroup] = useState(() => newGroup("tour"));
  const [sessions, setSessions] = useState<readonly string[]>([]);

  function go(index: number, inNewSession: boolean, of = group) {
    setAt({ index, isDone: false });
    if (!inNewSession) return;
    const opened = openNewSession(of);
    setSessions((before) => (index === 0 ? [opened] : [...before, opened]));
  }

  return {
    index: at?.index ?? null,
    isDone: at?.isDone ?? false,
    sessions,
    start() {
      const started = newGroup("tour");
      setGroup(started);
      go(0, true, started);
    },
    done: () => setAt((before) => before && { ...before, isDone: true }),
    go: (index, inNewSession) => go(index, inNewSession),
    leave: () => setAt(null),
  };
}
