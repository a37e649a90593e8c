import { toMessage } from "./langchain-message.ts";
import { type JsonObject, parseObject, preservedId, time } from "./parse.ts";
import {
  assertSource,
  type ImportedMessage,
  type ImportSource,
  type RedisSourceOptions,
  type SourceSession,
} from "./source.ts";
import { DOCUMENT_TYPES, readDocument, readEach, type SourceKey, SourceRedis } from "./source-redis.ts";

/** Where the histories of Python's `langchain-redis` are. */
export interface LangChainRedisOptions extends RedisSourceOptions {
  /** The `key_prefix` of the history. Default `chat:`. */
  readonly prefix?: string;
}

interface Found {
  readonly key: SourceKey;
  readonly timestamp: number;
}

/**
 * The sessions of the Python package `langchain-redis`: a JSON document a message, at `chat:{session}:{ULID}`.
 * Documents are read by RedisJSON (Redis 8, Redis Stack), or as strings where they are kept as such.
 *
 * @example
 * await importHistory(history, fromLangChainRedis({ client }));
 */
export function fromLangChainRedis(options: LangChainRedisOptions): ImportSource {
  assertSource(options);
  const { client, prefix = "chat:" } = options;
  const redis = new SourceRedis(client);
  return {
    sessions: async () => {
      const sessions = new Map<string, Found[]>();
      const documents = readEach(await redis.keys(prefix, DOCUMENT_TYPES), read);
      for await (const { key, document } of documents) {
        const session = document?.session_id;
        if (typeof session !== "string") continue;
        const found = sessions.get(session) ?? [];
        found.push({ key, timestamp: Number(document?.timestamp) });
        sessions.set(session, found);
      }
      return [...sessions].map(([id, found]): SourceSession => ({ id, messages: () => readMessages(found) }));
    },
  };
}

const read = async (key: SourceKey) => ({ key, document: parseObject(await readDocument(key)) });

async function* readMessages(found: readonly Found[]): AsyncGenerator<ImportedMessage> {
  // Of one time, the order is that of the ULIDs at the keys' ends.
  const ordered = found.toSorted(
    (a, b) => (a.timestamp || 0) - (b.timestamp || 0) || (a.key.key < b.key.key ? -1 : 1),
  );
  for await (const { key, document = {} } of readEach(ordered, ({ key }) => read(key))) {
    yield toImported(key, document);
  }
}

function toImported({ key }: SourceKey, document: JsonObject): ImportedMessage {
  const message = toMessage(document);
  if (message === undefined) return null;
  const { message_id: id, timestamp } = document;
  const createdAt = typeof timestamp === "number" ? time(timestamp * 1000) : undefined;
  return { ...message, id: preservedId(typeof id === "string" ? id : key), ...(createdAt && { createdAt }) };
}
