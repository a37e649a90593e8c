import { forkSession } from "../api/endpoints.ts";
import type { Choice } from "../choice/choice.ts";
import { Conversation } from "../conversation/conversation.ts";
import { keepUntilShown } from "../conversation/use-conversation.ts";
import { newSessionId } from "../session/session-id.ts";
import { readNote, writeNote } from "../session/session-notes.ts";

/** Branches that are being made, by what they are made of: a double click is one wish. */
const underWay = new Map<string, Promise<string>>();

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
  const wish = JSON.stringify([sessionId, messageId, text]);
  const started =
    underWay.get(wish) ?? makeBranch(sessionId, messageId, text, choice).finally(() => underWay.delete(wish));
  underWay.set(wish, started);
  return started;
}

async function makeBranch(
  sessionId: string,
  messageId: string,
  text: string,
  choice: Choice,
): Promise<string> {
  const id = newSessionId();
  await forkSession(sessionId, messageId, id);
  writeNote(id, { contextTokens: readNote(sessionId).contextTokens });
  const conversation = new Conversation(id);
  await conversation.load();
  conversation.send(text, choice);
  keepUntilShown(conversation);
  return id;
}
