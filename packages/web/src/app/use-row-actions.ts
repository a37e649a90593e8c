import { type RefObject, useMemo } from "react";
import { startBranch } from "../branches/start-branch.ts";
import type { RowActions } from "../conversation/row-actions.ts";
import type { ShownMessage } from "../conversation/shown-message.ts";
import { attempt } from "../notices/attempt.ts";
import type { Chat } from "./use-chat.ts";

interface RowSurroundings {
  readonly point: RowActions["point"];
  readonly onXray: RowActions["onXray"];
  readonly onOpen: (sessionId: string) => void;
  readonly input: RefObject<HTMLTextAreaElement | null>;
}

/** What rows can ask for. Stays the same while an answer streams: rows are not rendered again for it. */
export function useRowActions(
  { conversation, choice, providers, maxChars, changeNote }: Chat,
  { point, onXray, onOpen, input }: RowSurroundings,
): RowActions {
  return useMemo(() => {
    const branch = (message: ShownMessage, text: string) =>
      attempt(async () => {
        if (choice === null || message.id === null) return;
        onOpen(await startBranch(conversation.sessionId, message.id, text, choice));
      });
    return {
      providers,
      maxChars,
      point,
      onXray,
      onBranch: branch,
      onRegenerate(turnId) {
        const question = conversation.questionOf(turnId);
        if (question !== undefined) void branch(question, question.content);
      },
      onRetry: () => choice && conversation.retry(choice),
      onResend: (message) => choice && conversation.resend(message, choice),
      onEditRefused({ key, content }) {
        conversation.discard(key);
        changeNote({ draft: content });
        input.current?.focus();
      },
    };
  }, [conversation, choice, providers, maxChars, changeNote, point, onXray, onOpen, input]);
}
