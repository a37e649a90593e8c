import type { ContextReport, Mode, Turn } from "@redis-memory-magic/protocol";
import { useMemo } from "react";
import { lineOfNextTurn, lineOfTurn, type MemoryLine } from "./memory-line.ts";
import type { ShownMessage } from "./shown-message.ts";

interface LineOf {
  readonly messages: readonly ShownMessage[];
  readonly mode: Mode;
  readonly preview: ContextReport | null;
  /** A turn that is looked at: the line is then what that one was sent. */
  readonly turn: Turn | null;
}

export function useMemoryLine({ messages, mode, preview, turn }: LineOf): MemoryLine {
  return useMemo(
    () =>
      turn === null || turn.report === null
        ? lineOfNextTurn(messages, mode, preview)
        : lineOfTurn(messages, turn.turn_id, turn.report),
    [messages, mode, preview, turn],
  );
}
