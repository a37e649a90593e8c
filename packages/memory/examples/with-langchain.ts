// LangChain's message history on MessageHistory: for `RunnableWithMessageHistory`, or by itself.
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import {
  type BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  type StoredMessage,
} from "@langchain/core/messages";
import type { Json, Message, MessageHistory, NewMessage, Role } from "@redis-memory-magic/memory";

const ROLES: Record<string, Role> = { human: "user", ai: "assistant", system: "system", tool: "tool" };
const TYPES: Record<Role, string> = {
  user: "human",
  assistant: "ai",
  system: "system",
  developer: "system",
  tool: "tool",
};

export class RedisMemoryChatHistory extends BaseListChatMessageHistory {
  lc_namespace = ["redis-memory-magic", "memory"];
  readonly #history: MessageHistory;
  readonly #session: string;

  constructor(history: MessageHistory, session: string) {
    super();
    this.#history = history;
    this.#session = session;
  }

  override async getMessages(): Promise<BaseMessage[]> {
    const messages = await Array.fromAsync(this.#history.messages(this.#session));
    return mapStoredMessagesToChatMessages(messages.map(toStored));
  }

  override async addMessage(message: BaseMessage): Promise<void> {
    await this.addMessages([message]);
  }

  override async addMessages(messages: BaseMessage[]): Promise<void> {
    const stored = mapChatMessagesToStoredMessages(messages);
    await this.#history.addMessages(
      this.#session,
      messages.map((message, n) => toNew(message, stored[n] as StoredMessage)),
    );
  }

  override async clear(): Promise<void> {
    await this.#history.clear(this.#session);
  }
}

/** The text and the calls, for code that reads it without LangChain; the whole, as LangChain stores it, as the parts. */
function toNew(message: BaseMessage, stored: StoredMessage): NewMessage {
  const role = ROLES[stored.type] ?? "user";
  const { tool_call_id: toolCallId } = stored.data;
  const calls = (message as { tool_calls?: { id?: string; name: string; args: unknown }[] }).tool_calls ?? [];
  return {
    role,
    content: message.text,
    parts: JSON.parse(JSON.stringify(stored)) as Json,
    ...(toolCallId !== undefined && { toolCallId }),
    ...(calls.length > 0 && {
      toolCalls: calls.map(({ id = "", name, args }) => ({ id, name, arguments: JSON.stringify(args) })),
    }),
  };
}

function toStored({ role, content, parts, toolCallId, toolCalls = [] }: Message): StoredMessage {
  if (parts !== undefined) return parts as unknown as StoredMessage;
  // Written without LangChain, or imported.
  const calls = toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    name,
    args: JSON.parse(args || "{}"),
  }));
  const data = {
    content,
    role,
    name: undefined,
    tool_call_id: toolCallId,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return { type: TYPES[role], data };
}
