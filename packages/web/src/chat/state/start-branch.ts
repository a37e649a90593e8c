import { forkSession } from "../../api/endpoints.ts";
import { dedupe } from "../../ui/dedupe.ts";
import type { Choice } from "./choice.ts";
import { Conversation } from "./conversation.ts";
import { readDraft, writeDraft } from "./session-drafts.ts";
import { newSessionId } from "./session-id.ts";
import { keepUntilShown } from "./use-conversation.ts";

/**
 * Goes another way from a message on: `text` is sent in a new session that has what was said before the message.
 * The session itself stays as it is. Resolves with the new one's id, for it to be shown.
 * @throws ApiError
 */
export function startBranch(
  sessionId: string,
  messageId: string,
  text: string,
  choice: Choice,
): Promise<string> {
  const wish = JSON.stringify(["branch", sessionId, messageId, text]);
  return dedupe(wish, () => makeBranch(sessionId, messageId, text, choice));
}

async function makeBranch(
  sessionId: string,
  messageId: string,
  text: string,
  choice: Choice,
): Promise<string> {
  const id = newSessionId();
  await forkSession(sessionId, messageId, id);
  writeDraft(id, { contextTokens: readDraft(sessionId).contextTokens });
  const conversation = new Conversation(id);
  await conversation.load();
  conversation.send(text, choice);
  keepUntilShown(conversation);
  return id;
}
