import type { Json, Role } from "../history/item.ts";
import { isRole } from "../history/item.ts";
import { assertText } from "../validate.ts";
import { preservedId, time } from "./parse.ts";
import {
  assertSource,
  type ImportedMessage,
  type ImportSource,
  type RedisSourceOptions,
  type SourceSession,
} from "./source.ts";
import { readEach, readHash, type SourceKey, SourceRedis } from "./source-redis.ts";

/** Where a RedisVL history is. */
export interface RedisVlOptions extends RedisSourceOptions {
  /** The prefix of its keys: the history's `prefix`, which is its `name` where none was given. */
  readonly prefix: string;
}

interface Found {
  readonly key: SourceKey;
  readonly timestamp: number;
}

/**
 * The sessions of a `MessageHistory` or `SemanticMessageHistory` of RedisVL: a hash a message, with its session
 * in `session_tag`. Ids, times, tool call ids and metadata are kept; the role `llm` becomes `assistant`.
 *
 * @example
 * await importHistory(history, fromRedisVl({ client, prefix: "my_history" }));
 */
export function fromRedisVl(options: RedisVlOptions): ImportSource {
  assertSource(options);
  const { client, prefix } = options;
  assertText("prefix", prefix);
  const redis = new SourceRedis(client);
  return {
    sessions: async () => {
      // As RedisVL builds its keys: separators at the prefix' end are one.
      const keys = await redis.keys(`${prefix.replace(/:+$/, "")}:`, ["hash"]);
      const sessions = new Map<string, Found[]>();
      const heads = readEach(keys, async (key) => ({
        key,
        fields: await readHash(key, ["session_tag", "timestamp"]),
      }));
      for await (const { key, fields } of heads) {
        const [session, timestamp] = fields;
        if (session === undefined) continue;
        const found = sessions.get(session) ?? [];
        found.push({ key, timestamp: Number(timestamp ?? Number.NaN) });
        sessions.set(session, found);
      }
      return [...sessions].map(([id, found]): SourceSession => ({ id, messages: () => readMessages(found) }));
    },
  };
}

async function* readMessages(found: readonly Found[]): AsyncGenerator<ImportedMessage> {
  // What has no time, though RedisVL gives each one, comes first; of one time, the order is that of the keys.
  const ordered = found.toSorted(
    (a, b) => (a.timestamp || 0) - (b.timestamp || 0) || (a.key.key < b.key.key ? -1 : 1),
  );
  const fields = ["entry_id", "role", "content", "timestamp", "tool_call_id", "metadata"];
  const records = readEach(ordered, async ({ key }) => ({ key, record: await readHash(key, fields) }));
  for await (const { key, record } of records) {
    const [entryId, givenRole, content, timestamp, toolCallId, metadata] = record;
    const role = toRole(givenRole);
    if (role === undefined || content === undefined) {
      yield null;
      continue;
    }
    const createdAt = time(Number(timestamp ?? Number.NaN) * 1000);
    yield {
      id: preservedId(entryId ?? key.key),
      role,
      content,
      ...(createdAt && { createdAt }),
      ...(toolCallId !== undefined && { toolCallId }),
      ...(metadata !== undefined && { metadata: toJson(metadata) }),
    };
  }
}

function toRole(role: string | undefined): Role | undefined {
  if (role === "llm") return "assistant";
  return isRole(role) ? role : undefined;
}

function toJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
