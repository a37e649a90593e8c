import type { Chat } from "../chat/state/use-chat.ts";
import { MemoryComparison } from "./memory-comparison.tsx";

interface TurnComparisonProps {
  chat: Chat;
  turnId: string;
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

/** The comparison of a turn of the open session. */
export function TurnComparison({ chat, turnId, onOpen, onClose }: TurnComparisonProps) {
  const { conversation, state, choice } = chat;
  const question = conversation.questionOf(turnId);
  const answer = state.messages.findLast(({ role, turn }) => role === "assistant" && turn?.id === turnId);
  if (question === undefined || answer?.turn === undefined || choice === null) return null;
  return (
    <MemoryComparison
      sessionId={conversation.sessionId}
      question={question}
      answer={{ ...answer, turn: answer.turn }}
      choice={choice}
      onOpen={onOpen}
      onClose={onClose}
    />
  );
}
