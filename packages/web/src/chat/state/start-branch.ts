import { forkSession } from "../../api/endpoints.ts";
import { dedupe } from "../../ui/dedupe.ts";
import type { Choice } from "./choice.ts";
import { Conversation } from "./conversation.ts";
import { newSessionId } from "./session-id.ts";
import { keepUntilShown } from "./use-conversation.ts";

/**
 * Starts a branch at a message: sends `text` in a new session that has the messages before it.
 * The original session is not changed. Resolves with the new session's id.
 * @throws ApiError
 */
export function startBranch(
  sessionId: string,
  messageId: string,
  text: string,
  choice: Choice,
): Promise<string> {
  const key = JSON.stringify(["branch", sessionId, messageId, text]);
  return dedupe(key, async () => {
    const conversation = await branchFrom(sessionId, messageId, text, choice);
    keepUntilShown(conversation);
    return conversation.sessionId;
  });
}

/** Starts a branch that is not shown as a session. @throws ApiError */
export async function branchFrom(
  sessionId: string,
  messageId: string,
  text: string,
  choice: Choice,
): Promise<Conversation> {
  const id = newSessionId();
  await forkSession(sessionId, messageId, id);
  const conversation = new Conversation(id);
  await conversation.load();
  conversation.send(text, choice);
  return conversation;
}
