import type { UIMessage } from "ai";
import { MemoryError } from "../../errors.ts";
import type { NewMessage } from "../../history/item.ts";
import type { MessageHistory } from "../../history/message-history.ts";
import { isEqual, toJson } from "../original.ts";
import { fromUiMessage, toStoredMessages } from "./stored-messages.ts";

// Of one chat, so many changes at the same time are more than any program makes.
const MAX_TRIES = 100;

/** Messages of `useChat`, in a session each. */
export interface ChatStore {
  /** Returns all messages of a chat; none if there is no such chat. */
  load<Message extends UIMessage = UIMessage>(chatId: string): Promise<Message[]>;
  /**
   * Makes these the messages of a chat, in one script: what is stored and the same stays where it is, all from the
   * first difference on is replaced. A reader at the same time sees the chat before it or after it.
   */
  save(chatId: string, messages: readonly UIMessage[]): Promise<void>;
}

/**
 * A chat store for `UIMessage[]` of the AI SDK: ids, parts of every kind and metadata are kept.
 *
 * @example
 * const store = chatStore(history);
 * await store.save("chat_1", [{ id: "1", role: "user", parts: [{ type: "text", text: "Hi" }] }]);
 * console.log(await store.load("chat_1"));
 */
export function chatStore(history: MessageHistory): ChatStore {
  const read = async (chatId: string) => toStoredMessages(await Array.fromAsync(history.items(chatId)));
  return {
    async load<Message extends UIMessage>(chatId: string) {
      return (await read(chatId)).map(({ message }) => message as Message);
    },

    async save(chatId, messages) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const stored = await read(chatId);
        const isSame = (message: UIMessage | undefined, n: number) =>
          message !== undefined &&
          stored[n] !== undefined &&
          isEqual(toJson(message), toJson(stored[n].message));
        let from = 0;
        while (isSame(messages[from], from)) from++;
        if (from === messages.length && from === stored.length) return;
        // What others append meanwhile is replaced too, so the last one before the first difference is written again.
        const first = stored[from] === undefined ? from - 1 : from;
        const kept = stored[first];
        const added = messages.slice(Math.max(0, first)).map(fromUiMessage);
        if (kept === undefined) await addIfFree(history, chatId, added);
        else if ((await history.replaceFrom(chatId, kept.itemId, added)) !== null) return;
      }
      throw new MemoryError("conflict", "The chat was changed each time that it was about to be saved");
    },
  };
}

/** Another save may have added them: what is there is read again. */
async function addIfFree(
  history: MessageHistory,
  chatId: string,
  added: readonly NewMessage[],
): Promise<void> {
  try {
    await history.addMessages(chatId, added);
  } catch (error) {
    if (!MemoryError.isInstance(error) || error.code !== "duplicate_id") throw error;
  }
}
