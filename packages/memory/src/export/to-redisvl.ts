import { sha1 } from "../hash.ts";
import type { Message, Role } from "../history/item.ts";
import type { MessageHistory } from "../history/message-history.ts";
import type { RedisClient } from "../redis/client.ts";
import { lua, script } from "../redis/script.ts";
import { ScriptRunner } from "../redis/script-runner.ts";
import { assertFields, assertText, assertTtl } from "../validate.ts";

/** Where the messages are written. */
export interface RedisVlTarget {
  /**
   * A connected client of the Redis with RediSearch that RedisVL uses: no cluster, as RedisVL's own keys are not for one.
   */
  readonly client: RedisClient;
  /** The prefix of its keys: the history's `prefix`, which is its `name` where none was given. */
  readonly prefix: string;
  /** Seconds until the written messages expire. Absent: they stay, as those that RedisVL writes. */
  readonly ttlSeconds?: number;
}

const FIELDS = new Set(["client", "prefix", "ttlSeconds"]);
const TIMEOUT_MS = 10_000;
const TOGETHER = 100;
// As precise as a Unix time in a double can be.
const STEP_SECONDS = 1e-6;

/** KEYS[1] a message   ARGV[1] its TTL in ms, or 0   ARGV[2…] fields and values. Returns {'ok', 0} */
const WRITE_HASH = script(lua`
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {'ok', 0}
`);

/**
 * Writes a session's messages as RedisVL's `MessageHistory` keeps them, so that a Python service reads them with
 * `session_tag` set to the session's id. Its index finds them by their keys. Run again, it writes the same keys.
 *
 * Role, content, time, `toolCallId` and `metadata` are kept; `developer` becomes `system`, and what has no role is left
 * out. RedisVL has no place for parts and tool calls.
 * @returns how many messages were written
 * @throws MemoryError `unavailable`, `damaged`, `unknown_session`
 *
 * @example
 * await exportToRedisVl(history, "user-42", { client, prefix: "my_history" });
 */
export async function exportToRedisVl(
  history: MessageHistory,
  sessionId: string,
  target: RedisVlTarget,
): Promise<number> {
  assertFields("target", target, FIELDS);
  const { client, prefix, ttlSeconds } = target;
  assertText("prefix", prefix);
  if (ttlSeconds !== undefined) assertTtl("ttlSeconds", ttlSeconds);
  const redis = new ScriptRunner(client, TIMEOUT_MS);
  const ttl = String((ttlSeconds ?? 0) * 1000);
  const keyPrefix = prefix.replace(/:+$/, "");
  let written = 0;
  let time = 0;
  let batch: [key: string, fields: string[]][] = [];
  const flush = async () => {
    await Promise.all(
      batch.map(([key, fields]) => redis.runWithoutDeadline(WRITE_HASH, [key], [ttl, ...fields])),
    );
    batch = [];
  };
  for await (const message of history.messages(sessionId)) {
    // RedisVL orders by time alone.
    time = Math.max(message.createdAt.getTime() / 1000, time + STEP_SECONDS);
    const timestamp = time.toFixed(6);
    const entryId = `${sessionId}:${timestamp}:${sha1(message.id).slice(0, 8)}`;
    const fields = fieldsOf(message, { entry_id: entryId, session_tag: sessionId, timestamp });
    batch.push([`${keyPrefix}:${entryId}`, fields]);
    written++;
    if (batch.length === TOGETHER) await flush();
  }
  await flush();
  return written;
}

const fieldsOf = (
  { role, content, toolCallId, metadata }: Message,
  place: Readonly<Record<string, string>>,
): string[] =>
  Object.entries({
    ...place,
    role: toRedisVlRole(role),
    content,
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
  }).flat();

const toRedisVlRole = (role: Role): string => (role === "developer" ? "system" : role);
