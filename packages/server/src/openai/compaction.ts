import type { IndexedItem, Item } from "@redis-memory-magic/memory";
import type { ApiItem, CreateResponse } from "@redis-memory-magic/protocol/openai";
import type { Caller } from "../chat/caller.ts";
import { asItem } from "../chat/plan.ts";
import { indentLines } from "../chat/quoted-block.ts";
import type { TurnInfo } from "../chat/turn-info.ts";
import { toApiItem } from "./api-items.ts";
import { askUnstored } from "./ask-unstored.ts";
import { encodeCompaction } from "./compaction-text.ts";
import { withImageData } from "./conversation-items.ts";
import { type CreateOptions, contextOf, readHistory, readRequest } from "./create-response.ts";
import { itemId, newChain } from "./ids.ts";

/** Of each entry, where no model summarizes, in UTF-16 units. */
const MAX_ENTRY = 200;
const MAX_TEXT = 16_000;

const ASK_FOR_SUMMARY =
  "Summarize the assistant's answers and the results of tools in the conversation so far, for an assistant that " +
  "continues it and still has the user's messages. Keep names, numbers, decisions and open questions. " +
  "Write the summary alone.";

interface Compacted {
  readonly output: readonly ApiItem[];
  /** Of the summary's turn; undefined: no model wrote one. */
  readonly info: TurnInfo | undefined;
}

/**
 * Shortens a conversation: the user's messages stay, all else becomes one item of readable text. The model that is
 * named writes a summary; the mirror, or a model that fails, writes none: then the answers are cut, and the text says
 * so. Nothing is stored.
 * @throws AppError for a parent that is not there
 */
export async function compact(
  { chat, models, ttlSeconds }: CreateOptions,
  caller: Caller,
  body: CreateResponse,
  clientGone: AbortSignal,
): Promise<Compacted> {
  const { request, parent } = await readRequest({ models, ttlSeconds }, caller.sessions, body);
  const history = await readHistory({ chat, caller, request, clientGone }, parent);
  const items = [...history.map(({ item }) => item), ...request.input.map(asItem)];
  const kept = items.filter(({ role }) => role === "user" || role === "system" || role === "developer");
  const images = contextOf(parent);
  const sessionId = newChain();
  const summary = await summarize();
  const text = summary
    ? `Summary of the answers so far, by ${summary.info.model}:\n${summary.text}`
    : `The answers so far, each cut after ${MAX_ENTRY} characters, because no model summarized them:\n${cut(items)}`;
  const compaction: Item = {
    ...asItem({ type: "compaction", content: "" }),
    parts: { encrypted_content: encodeCompaction(text) },
  };
  const output = [...kept, compaction].map((item, n) =>
    toApiItem(item, itemId(item.role ? "message" : "compaction", { sessionId, itemId: `compacted-${n}` })),
  );
  return {
    output: images === undefined ? output : await withImageData(caller.sessions, images, output),
    info: summary?.info,
  };

  async function summarize(): Promise<{ text: string; info: TurnInfo } | undefined> {
    if (request.provider === "mirror" || items.length === kept.length) return undefined;
    const { settings: _, client, ...asked } = request;
    const turn = {
      ...asked,
      session_id: sessionId,
      input: [{ role: "user" as const, content: ASK_FOR_SUMMARY }],
      unstored: { history: items.map((item, index): IndexedItem => ({ index, item })), from: images },
      wholeHistory: false,
    };
    const { response, info, error } = await (await askUnstored(chat, caller, turn, clientGone)).result();
    const isWhole = !error && response.status === "completed" && response.finish_reason === "complete";
    return isWhole ? { text: response.response, info } : undefined;
  }
}

/** What is not the user's, oldest first; of too much, the newest. */
function cut(items: readonly Item[]): string {
  const lines = items.flatMap(({ role, type, content, toolCalls, toolCallId }) => {
    const short = content.length > MAX_ENTRY ? `${content.slice(0, MAX_ENTRY).toWellFormed()}…` : content;
    if (toolCallId !== undefined) return [indentLines(`Result of a tool: ${short}`)];
    if (toolCalls) return toolCalls.map(({ name }) => indentLines(`Called the tool ${name} with ${short}`));
    if (type === "compaction") return [content];
    return role === "assistant" ? [indentLines(`Assistant: ${short}`)] : [];
  });
  return lines.join("\n").slice(-MAX_TEXT).toWellFormed();
}
