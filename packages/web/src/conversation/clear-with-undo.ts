import { exportSession, importSession } from "../api/endpoints.ts";
import { attempt } from "../notices/attempt.ts";
import { notify } from "../notices/notices.ts";
import type { Conversation } from "./conversation.ts";

/** Sessions that are being cleared: a double click is one wish. */
const underWay = new Set<string>();

/** Clears a session at once, and offers to bring back what it had. @throws ApiError when it was not cleared */
export async function clearWithUndo(conversation: Conversation): Promise<void> {
  const { sessionId } = conversation;
  if (underWay.has(sessionId)) return;
  underWay.add(sessionId);
  try {
    await clear(conversation);
  } finally {
    underWay.delete(sessionId);
  }
}

async function clear(conversation: Conversation): Promise<void> {
  const { sessionId } = conversation;
  // Without a copy it is cleared all the same: that is what was asked for.
  const copy: unknown = await exportSession(sessionId, "json")
    .then(async (file) => JSON.parse(await file.text()))
    .catch(() => null);
  await conversation.clear();
  const undo = async () => {
    await importSession(copy, sessionId);
    await conversation.load();
  };
  const action = copy === null ? undefined : { label: "Undo", run: () => void attempt(undo) };
  notify("The session is cleared: Redis has let its messages go", { action });
}
