import { exportSession, importSession } from "../../api/endpoints.ts";
import { toastErrors } from "../../api/toast-errors.ts";
import { t } from "../../texts/texts.ts";
import { dedupe } from "../../ui/dedupe.ts";
import { showToast } from "../../ui/toasts.ts";
import type { Conversation } from "./conversation.ts";
import { announceChange } from "./use-other-tabs.ts";

/** Clears a session at once and offers an undo. Reports a failure as a toast. */
export const clearWithUndo = (conversation: Conversation): Promise<void> =>
  dedupe(JSON.stringify(["clear", conversation.sessionId]), () => toastErrors(() => clear(conversation)));

async function clear(conversation: Conversation): Promise<void> {
  const { sessionId } = conversation;
  // The session is cleared also if the copy fails, then without an undo.
  const copy: unknown = await exportSession(sessionId, "json")
    .then(async (file) => JSON.parse(await file.text()))
    .catch(() => null);
  await conversation.clear();
  announceChange(sessionId);
  const undo = async () => {
    await importSession(copy, sessionId);
    announceChange(sessionId);
    if (!conversation.isClosed) await conversation.load();
  };
  const action = copy === null ? undefined : { label: t.common.undo, run: () => void toastErrors(undo) };
  showToast(t.header.cleared, { action });
}
