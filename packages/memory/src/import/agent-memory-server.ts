import type { Json } from "../history/item.ts";
import { isRole } from "../history/item.ts";
import { isObject, parseObject, preservedId, time, withoutEmpty } from "./parse.ts";
import {
  assertSource,
  type ImportedMessage,
  type ImportSource,
  type RedisSourceOptions,
  type SourceSession,
} from "./source.ts";
import { DOCUMENT_TYPES, readDocument, readEach, type SourceKey, SourceRedis } from "./source-redis.ts";

const PREFIX = "working_memory:";
const FIELDS = new Set(["client"]);

/**
 * The sessions of agent-memory-server: one JSON document each, at `working_memory:[namespace:][user:]session`;
 * what follows the first colon is the session's id here, so that those of two users stay apart. Ids and times
 * are kept. Its summary of earlier messages and its extracted memories are no messages, and stay where they are.
 *
 * @example
 * await importHistory(history, fromAgentMemoryServer({ client }));
 */
export function fromAgentMemoryServer(options: RedisSourceOptions): ImportSource {
  assertSource(options, FIELDS);
  const { client } = options;
  const redis = new SourceRedis(client);
  return {
    sessions: async () => {
      const sessions: SourceSession[] = [];
      const documents = readEach(await redis.keys(PREFIX, DOCUMENT_TYPES), async (key) => ({
        key,
        document: parseObject(await readDocument(key)),
      }));
      for await (const { key, document } of documents) {
        // Beside the sessions there are keys on how far a migration is.
        if (!Array.isArray(document?.messages)) continue;
        sessions.push({ id: key.key.slice(PREFIX.length), messages: () => readMessages(key) });
      }
      return sessions;
    },
  };
}

async function* readMessages(key: SourceKey): AsyncGenerator<ImportedMessage> {
  const messages = parseObject(await readDocument(key))?.messages;
  if (!Array.isArray(messages)) return;
  for (const [n, message] of (messages as readonly Json[]).entries()) yield toImported(message, n);
}

function toImported(message: Json, index: number): ImportedMessage {
  if (!isObject(message)) return null;
  const { id, role, content, created_at: created, ...rest } = message;
  if (typeof role !== "string" || typeof content !== "string") return null;
  const createdAt = typeof created === "string" ? time(Date.parse(created)) : undefined;
  const agentMemoryServer = withoutEmpty({ ...rest, role: isRole(role) ? undefined : role });
  return {
    id: preservedId(typeof id === "string" && id !== "" ? id : `agent-memory-server-${index}`),
    role: isRole(role) ? role : "user",
    content,
    ...(createdAt && { createdAt }),
    ...(agentMemoryServer && { metadata: { agentMemoryServer } }),
  };
}
