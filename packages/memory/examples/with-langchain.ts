// LangChain's message history, kept by MessageHistory: for `RunnableWithMessageHistory`, or by itself.
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import {
  type BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  type StoredMessage,
} from "@langchain/core/messages";
import type { Json, Message, MessageHistory, NewMessage, Role } from "@redis-memory-magic/memory";

const ROLES: Record<string, Role> = { human: "user", ai: "assistant", system: "system", tool: "tool" };
const TYPES: Record<Role, string> = { user: "human", assistant: "ai", system: "system", tool: "tool" };

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

/** The text as the content, for whoever reads it without LangChain; the whole as LangChain stores it beside it. */
function toNew(message: BaseMessage, stored: StoredMessage): NewMessage {
  const role = ROLES[stored.type] ?? "user";
  const whole = JSON.parse(JSON.stringify(stored)) as Json;
  return { role, content: message.text, metadata: { stored: whole } };
}

function toStored({ role, content, metadata, toolCallId, toolCalls = [] }: Message): StoredMessage {
  const kept = metadata as { stored?: StoredMessage } | undefined;
  if (kept?.stored) return kept.stored;
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
