import { toMessage } from "./langchain-message.ts";
import { parseObject, preservedId } from "./parse.ts";
import {
  assertSource,
  type ImportedMessage,
  type ImportSource,
  type RedisSourceOptions,
  type SourceSession,
} from "./source.ts";
import { readEach, readList, type SourceKey, SourceRedis } from "./source-redis.ts";

/** Where LangChain's histories are. */
export interface LangChainOptions extends RedisSourceOptions {
  /**
   * What the keys begin with; the rest of a key is the session's id. LangChain for JavaScript has none, the
   * Python package `langchain-community` has `message_store:`. Default: none; what is no history is passed over.
   */
  readonly prefix?: string;
}

const PAGE = 500;

/**
 * The sessions of LangChain's `RedisChatMessageHistory` (JavaScript, and Python's `langchain-community`): a list
 * a session, newest first. It has no times; ids that its messages lack are made of their indexes.
 *
 * @example
 * await importHistory(history, fromLangChain({ client, prefix: "message_store:" }));
 */
export function fromLangChain(options: LangChainOptions): ImportSource {
  assertSource(options);
  const { client, prefix = "" } = options;
  const redis = new SourceRedis(client);
  return {
    sessions: async () => {
      const keys = await redis.keys(prefix, ["list"]);
      const oldest = readEach(keys, async (key) => ({ key, items: await readList(key, -1, -1) }));
      const sessions: SourceSession[] = [];
      for await (const { key, items } of oldest) {
        const stored = parseObject(items[0]);
        if (typeof stored?.type !== "string" || !("data" in stored || "text" in stored)) continue;
        sessions.push({ id: key.key.slice(prefix.length), messages: () => readMessages(key) });
      }
      return sessions;
    },
  };
}

async function* readMessages(key: SourceKey): AsyncGenerator<ImportedMessage> {
  const given = new Set<string>();
  for (let read = 0; ; read += PAGE) {
    // From the oldest on: that end stays where it is when a message is added.
    const items = await readList(key, -read - PAGE, -read - 1);
    for (const [n, item] of items.toReversed().entries()) {
      const message = toMessage(parseObject(item) ?? {});
      if (message === undefined) {
        yield null;
        continue;
      }
      const own = message.id === undefined || given.has(message.id) ? undefined : preservedId(message.id);
      const id = own ?? `langchain-${read + n}`;
      given.add(id);
      yield { ...message, id };
    }
    if (items.length < PAGE) return;
  }
}
