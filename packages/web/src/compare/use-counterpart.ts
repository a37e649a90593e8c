import { useEffect, useState } from "react";
import { type ApiError, asApiError } from "../api/api-error.ts";
import { deleteSession } from "../api/endpoints.ts";
import type { Choice } from "../chat/state/choice.ts";
import type { Conversation } from "../chat/state/conversation.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { branchFrom } from "../chat/state/start-branch.ts";

/**
 * Asks a question of a session again with another choice, in a branch that is deleted afterwards.
 * `keep` leaves the branch as a session.
 */
export function useCounterpart(sessionId: string, question: ShownMessage, choice: Choice) {
  const [found, setFound] = useState<{ conversation: Conversation } | { error: ApiError } | null>(null);
  const [kept] = useState(() => ({ isKept: false }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, whatever changes behind the dialog.
  useEffect(() => {
    if (question.id === null) return;
    const asked = branchFrom(sessionId, question, choice);
    asked.then(
      (conversation) => setFound({ conversation }),
      (error) => setFound({ error: asApiError(error) }),
    );
    return () =>
      void asked
        .then(async (conversation) => {
          conversation.close();
          if (!kept.isKept) await deleteSession(conversation.sessionId);
        })
        // What is left expires by itself.
        .catch(() => {});
  }, []);

  return {
    conversation: found !== null && "conversation" in found ? found.conversation : null,
    error: found !== null && "error" in found ? found.error : null,
    keep: () => {
      kept.isKept = true;
    },
  };
}
