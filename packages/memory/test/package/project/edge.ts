// A worker at the edge, which brings a client of its own.
import { MessageHistory, type RedisClient, Turns } from "@redis-memory-magic/memory";
import { chatStore } from "@redis-memory-magic/memory/ai-sdk";
import { toChat } from "@redis-memory-magic/memory/openai";

export function createWorker(client: RedisClient) {
  const history = new MessageHistory({ client });
  const turns = new Turns({ client });
  return {
    turns,
    store: chatStore(history),
    window: async (id: string) => toChat(await history.getRecent(id)),
  };
}
