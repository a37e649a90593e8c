import { type RefObject, useEffect, useMemo, useRef } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import type { RowActions } from "../chat/log/row-actions.ts";
import type { Choice } from "../chat/state/choice.ts";
import { putBack } from "../chat/state/put-back.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { startBranch } from "../chat/state/start-branch.ts";
import type { Chat } from "../chat/state/use-chat.ts";
import { t } from "../texts/texts.ts";

interface RowSurroundings {
  readonly hover: RowActions["hover"];
  readonly onInspect: RowActions["onInspect"];
  readonly onCompareMemory: RowActions["onCompareMemory"];
  readonly onKeep: RowActions["onKeep"];
  readonly onOpen: (sessionId: string) => void;
  readonly input: RefObject<HTMLTextAreaElement | null>;
}

/** Returns the actions of rows. The object is stable while an answer streams, so rows do not render again. */
export function useRowActions(
  { conversation, choice, providers, maxChars, changeDraft, attachments }: Chat,
  { hover, onInspect, onCompareMemory, onKeep, onOpen, input }: RowSurroundings,
): RowActions {
  const { change: changeAttachments } = attachments;
  // Messages can be shown before it is known how the next one is answered: a click waits for that.
  const waiting = useRef<(choice: Choice) => void>(null);
  useEffect(() => {
    if (choice === null) return;
    waiting.current?.(choice);
    waiting.current = null;
  }, [choice]);
  return useMemo(() => {
    const withChoice = (act: (choice: Choice) => void) => {
      if (choice === null) waiting.current = act;
      else act(choice);
    };
    const branch = (message: ShownMessage, text: string) =>
      withChoice((choice) =>
        toastErrors(async () => {
          if (message.id === null) return;
          onOpen(await startBranch(conversation.sessionId, message, text, choice));
        }),
      );
    return {
      sessionId: conversation.sessionId,
      providers,
      maxChars,
      hover,
      onInspect,
      onCompareMemory,
      onBranch: branch,
      onKeep,
      onRegenerate(turnId) {
        const question = conversation.questionOf(turnId);
        if (question !== undefined) branch(question, question.content);
      },
      onPutBack: () => void putBack(conversation),
      // Without memory the model would not know what to continue.
      onContinue: () =>
        withChoice((choice) => conversation.send(t.log.continuePrompt, { ...choice, mode: "stateful" })),
      onRetry: () => withChoice((choice) => conversation.retry(choice)),
      onResend: (message) => withChoice((choice) => conversation.resend(message, choice)),
      onEditRefused({ key, content, attachments: carried }) {
        conversation.discard(key);
        changeDraft(content);
        changeAttachments(carried);
        input.current?.focus();
      },
    };
  }, [
    conversation,
    choice,
    providers,
    maxChars,
    changeDraft,
    changeAttachments,
    hover,
    onInspect,
    onCompareMemory,
    onKeep,
    onOpen,
    input,
  ]);
}
