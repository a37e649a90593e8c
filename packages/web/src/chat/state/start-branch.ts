import { forkSession } from "../../api/endpoints.ts";
import { dedupe } from "../../ui/dedupe.ts";
import { withData } from "./attachment.ts";
import type { Choice } from "./choice.ts";
import { Conversation } from "./conversation.ts";
import { newSessionId } from "./session-id.ts";
import type { ShownMessage } from "./shown-message.ts";
import { keepUntilShown } from "./use-conversation.ts";

/** A stored message, as far as a branch that begins at it needs it. */
type BranchMessage = Pick<ShownMessage, "id" | "content" | "attachments">;

/**
 * Starts a branch at a message: sends `text` in its place, with what it carries, in a new session that has the
 * messages before it. The original session is not changed. Resolves with the new session's id.
 * @throws ApiError
 */
export function startBranch(
  sessionId: string,
  message: BranchMessage,
  text: string,
  choice: Choice,
): Promise<string> {
  const key = JSON.stringify(["branch", sessionId, message.id, text]);
  return dedupe(key, async () => {
    const conversation = await branchFrom(sessionId, { ...message, content: text }, choice);
    keepUntilShown(conversation);
    return conversation.sessionId;
  });
}

/** Starts a branch that is not shown as a session. @throws ApiError, TypeError for a message without an id */
export async function branchFrom(
  sessionId: string,
  { id: before, content, attachments }: BranchMessage,
  choice: Choice,
): Promise<Conversation> {
  if (before === null) throw new TypeError("a branch begins at a stored message");
  const id = newSessionId();
  const carried = await withData(sessionId, attachments);
  await forkSession(sessionId, before, id);
  const conversation = new Conversation(id);
  await conversation.load();
  conversation.send(content, choice, carried);
  return conversation;
}
