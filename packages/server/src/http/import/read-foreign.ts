import { type Fields, isFields } from "../../fields.ts";
import { readChatGpt } from "./chatgpt.ts";
import { readClaude } from "./claude.ts";
import type { ForeignConversation, LeftOut } from "./foreign-conversation.ts";
import { readLibreChat } from "./librechat.ts";
import { readOpenWebUi } from "./open-webui.ts";

/** Conversations that are taken of one file. */
const MAX_CONVERSATIONS = 500;

export interface ForeignExport {
  readonly conversations: readonly ForeignConversation[];
  readonly leftOut: LeftOut;
}

/** Reads the export of another chat. Undefined if the format is not known. */
export function readForeign(body: unknown): ForeignExport | undefined {
  const all = Array.isArray(body) ? body : [body];
  const read = readerOf(all[0]);
  if (read === undefined) return undefined;
  const leftOut: LeftOut = new Map();
  const conversations = all.slice(0, MAX_CONVERSATIONS).flatMap((conversation) => {
    const found = isFields(conversation) ? read(conversation, leftOut) : undefined;
    return found !== undefined && found.messages.length > 0 ? [found] : [];
  });
  const missing = all.length - conversations.length;
  if (missing > 0) leftOut.set("conversations that are empty, or too many", missing);
  return { conversations, leftOut };
}

type Reader = (conversation: Fields, leftOut: LeftOut) => ForeignConversation;

/** By fields that only one chat's exports have. */
function readerOf(first: unknown): Reader | undefined {
  if (!isFields(first)) return undefined;
  if (isFields(first.mapping)) return readChatGpt;
  if (Array.isArray(first.chat_messages)) return readClaude;
  if (isFields(first.chat) && (isFields(first.chat.history) || Array.isArray(first.chat.messages)))
    return readOpenWebUi;
  const [message] = Array.isArray(first.messages) ? first.messages : [];
  return isFields(message) && "isCreatedByUser" in message ? readLibreChat : undefined;
}
