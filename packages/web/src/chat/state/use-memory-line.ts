import type { ContextReport, Mode, Turn } from "@redis-memory-magic/protocol";
import { useMemo, useRef } from "react";
import { lineOfNextTurn, lineOfTurn, type MemoryLine } from "./memory-line.ts";
import type { ShownMessage } from "./shown-message.ts";

interface LineOf {
  readonly messages: readonly ShownMessage[];
  readonly mode: Mode;
  readonly preview: ContextReport | null;
  /** A turn that is looked at: the line is then what that one was sent. */
  readonly turn: Turn | null;
}

export function useMemoryLine({ messages: all, mode, preview, turn }: LineOf): MemoryLine {
  const messages = useLinedMessages(all);
  return useMemo(
    () =>
      turn === null || turn.report === null
        ? lineOfNextTurn(messages, mode, preview)
        : lineOfTurn(messages, turn.turn_id, turn.report),
    [messages, mode, preview, turn],
  );
}

/** Returns the messages as they were while only texts have changed: the line does not move while an answer streams. */
function useLinedMessages(messages: readonly ShownMessage[]): readonly ShownMessage[] {
  const before = useRef(messages);
  const isSame =
    before.current.length === messages.length &&
    messages.every((message, index) => isSameOnLine(message, before.current[index]));
  if (!isSame) before.current = messages;
  return before.current;
}

const isSameOnLine = (a: ShownMessage, b: ShownMessage | undefined): boolean =>
  a === b ||
  (a.key === b?.key &&
    a.id === b.id &&
    a.delivery === b.delivery &&
    a.turn?.id === b.turn?.id &&
    a.turn?.status === b.turn?.status);
