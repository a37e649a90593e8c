import { type RefObject, useMemo } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import type { RowActions } from "../chat/log/row-actions.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { startBranch } from "../chat/state/start-branch.ts";
import type { Chat } from "../chat/state/use-chat.ts";

interface RowSurroundings {
  readonly point: RowActions["point"];
  readonly onInspect: RowActions["onInspect"];
  readonly onOpen: (sessionId: string) => void;
  readonly input: RefObject<HTMLTextAreaElement | null>;
}

/** What rows can ask for. Stays the same while an answer streams: rows are not rendered again for it. */
export function useRowActions(
  { conversation, choice, providers, maxChars, changeDraft }: Chat,
  { point, onInspect, onOpen, input }: RowSurroundings,
): RowActions {
  return useMemo(() => {
    const branch = (message: ShownMessage, text: string) =>
      toastErrors(async () => {
        if (choice === null || message.id === null) return;
        onOpen(await startBranch(conversation.sessionId, message.id, text, choice));
      });
    return {
      providers,
      maxChars,
      point,
      onInspect,
      onBranch: branch,
      onRegenerate(turnId) {
        const question = conversation.questionOf(turnId);
        if (question !== undefined) void branch(question, question.content);
      },
      onRetry: () => choice && conversation.retry(choice),
      onResend: (message) => choice && conversation.resend(message, choice),
      onEditRefused({ key, content }) {
        conversation.discard(key);
        changeDraft({ text: content });
        input.current?.focus();
      },
    };
  }, [conversation, choice, providers, maxChars, changeDraft, point, onInspect, onOpen, input]);
}
