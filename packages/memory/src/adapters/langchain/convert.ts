import {
  type BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  type StoredMessage,
} from "@langchain/core/messages";
import type { NewMessage, Role } from "../../history/item.ts";
import { isId } from "../../validate.ts";
import { originalOf, type ReadableItem, toJson } from "../original.ts";
import { portableParts } from "../portable-parts.ts";

const ROLES: ReadonlyMap<string, Role> = new Map([
  ["human", "user"],
  ["ai", "assistant"],
  ["system", "system"],
  ["developer", "developer"],
  ["tool", "tool"],
]);
const TYPES: Readonly<Record<Role, string>> = {
  user: "human",
  assistant: "ai",
  system: "system",
  developer: "system",
  tool: "tool",
};

/** Converts messages of LangChain. Each is kept as LangChain stores it, in `parts`; its id is the message's id. */
export function fromLangChainMessages(messages: readonly BaseMessage[]): NewMessage[] {
  const stored = mapChatMessagesToStoredMessages([...messages]);
  return messages.map((message, n) => {
    const { type, data } = stored[n] as StoredMessage;
    const { tool_calls: calls = [] } = message as { tool_calls?: readonly AiToolCall[] };
    const toolCalls = calls.map(({ id = "", name, args }) => ({ id, name, arguments: JSON.stringify(args) }));
    return {
      ...(isId(message.id) && { id: message.id }),
      role: ROLES.get(type) ?? ROLES.get(data.role ?? "") ?? "user",
      content: message.text.toWellFormed(),
      parts: { langchain: toJson(stored[n]) },
      ...(data.tool_call_id !== undefined && { toolCallId: data.tool_call_id }),
      ...(toolCalls.length > 0 && { toolCalls }),
    };
  });
}

interface AiToolCall {
  readonly id?: string;
  readonly name: string;
  readonly args: unknown;
}

/** Converts messages to LangChain's; what was stored without LangChain too. */
export const toLangChainMessages = (messages: readonly ReadableItem[]): BaseMessage[] =>
  mapStoredMessagesToChatMessages(
    messages.map((message) => originalOf<StoredMessage>(message, "langchain") ?? toStored(message)),
  );

function toStored(message: ReadableItem): StoredMessage {
  const { role = "user", content = "", toolCallId, toolCalls = [] } = message;
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({ id, name, args: parse(args) }));
  const blocks = role === "user" ? contentBlocks(message) : undefined;
  const data = {
    // LangChain's type for what is stored has no blocks.
    content: (blocks ?? content) as string,
    role,
    name: undefined,
    tool_call_id: toolCallId,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return { type: TYPES[role], data };
}

const contentBlocks = (message: ReadableItem) =>
  portableParts(message)?.map((part) =>
    part.kind === "text"
      ? { type: "text", text: part.text }
      : { type: "image_url", image_url: { url: part.url } },
  );

/** A model can write anything. */
function parse(args: string): unknown {
  try {
    return JSON.parse(args || "{}");
  } catch {
    return { invalid_arguments: args };
  }
}
