import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { type BaseMessage, RemoveMessage } from "@langchain/core/messages";
import { MemoryError } from "../../errors.ts";
import { type Item, isMessage } from "../../history/item.ts";
import type { MessageHistory } from "../../history/message-history.ts";
import { isId } from "../../validate.ts";
import { fromLangChainMessages, toLangChainMessages } from "./convert.ts";

/** How much of a session is read: what `getRecent` with `for: "model"` returns. Left out: all of it. */
export type HistoryWindow =
  | { readonly k: number }
  | { readonly maxTokens: number; readonly countTokens: (item: Item) => number };

const REMOVE_ALL = "__remove_all__";

/**
 * LangChain's message history, for `RunnableWithMessageHistory` or by itself.
 *
 * @example
 * const chat = new RedisMemoryHistory(history, "session_1", { k: 50 });
 * await chat.addUserMessage("My name is Bob");
 * console.log(await chat.getMessages());
 */
export class RedisMemoryHistory extends BaseListChatMessageHistory {
  lc_namespace = ["redis-memory", "langchain"];
  readonly #history: MessageHistory;
  readonly #id: string;
  readonly #window: HistoryWindow | undefined;

  constructor(history: MessageHistory, sessionId: string, window?: HistoryWindow) {
    super();
    this.#history = history;
    this.#id = sessionId;
    this.#window = window;
  }

  override async getMessages(): Promise<BaseMessage[]> {
    const messages = this.#window
      ? (await this.#history.getRecent(this.#id, { for: "model", ...this.#window })).filter(isMessage)
      : await Array.fromAsync(this.#history.messages(this.#id));
    return toLangChainMessages(messages);
  }

  override async addMessage(message: BaseMessage): Promise<void> {
    await this.addMessages([message]);
  }

  /** Appends messages. One with the id of another replaces it; a `RemoveMessage` removes the one with its id, or all. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    let waiting: BaseMessage[] = [];
    for (const message of messages) {
      if (!RemoveMessage.isInstance(message)) {
        waiting.push(message);
        continue;
      }
      await this.#add(waiting);
      waiting = [];
      if (message.id === REMOVE_ALL) await this.clear();
      else if (isId(message.id)) await this.#history.drop(this.#id, message.id);
    }
    await this.#add(waiting);
  }

  override async clear(): Promise<void> {
    await this.#history.clear(this.#id);
  }

  async #add(messages: readonly BaseMessage[]): Promise<void> {
    const added = fromLangChainMessages(messages);
    try {
      await this.#history.addMessages(this.#id, added);
    } catch (error) {
      if (!MemoryError.isInstance(error) || error.code !== "duplicate_id") throw error;
      for (const { id = "", role, type, ...fields } of added) {
        const isThere = id !== "" && (await this.#history.updateMessage(this.#id, id, fields)) !== null;
        if (!isThere) await this.#history.addMessage(this.#id, { ...fields, role, ...(id !== "" && { id }) });
      }
    }
  }
}
