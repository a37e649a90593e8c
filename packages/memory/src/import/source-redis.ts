import type { RedisClient } from "../redis/client.ts";
import { lua, script } from "../redis/script.ts";
import { type Reply, ScriptRunner } from "../redis/script-runner.ts";

const TIMEOUT_MS = 10_000;
// So many reads are on their way at a time.
const TOGETHER = 100;

/** ARGV: cursor, pattern, type. Returns {'ok', 0, next cursor, 1 on a cluster's node, key, …} */
const SCAN = script(lua`
local found = redis.pcall('SCAN', ARGV[1], 'MATCH', ARGV[2], 'TYPE', ARGV[3], 'COUNT', 1000)
if found.err then
  -- Valkey 9 refuses the type of a module that it does not have: there are no such keys.
  if not found.err:find('unknown type name', 1, true) then return found end
  found = {'0', {}}
end
local cluster = redis.call('INFO', 'cluster'):find('cluster_enabled:1', 1, true)
return {'ok', 0, found[1], cluster and 1 or 0, unpack(found[2])}
`);

/** ARGV: fields. Returns {'ok', 0, value or nil, …} */
const READ_HASH = script(lua`return {'ok', 0, unpack(redis.call('HMGET', KEYS[1], unpack(ARGV)))}`);

/** ARGV: from, to. Returns {'ok', 0, item, …} */
const READ_LIST = script(lua`return {'ok', 0, unpack(redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2]))}`);

/** A JSON document, of RedisJSON or as a string. Returns {'ok', 0, JSON or nil} */
const READ_DOCUMENT = script(lua`
local is = redis.call('TYPE', KEYS[1])['ok']
if is == 'string' then return {'ok', 0, redis.call('GET', KEYS[1])} end
if is == 'ReJSON-RL' then return {'ok', 0, redis.call('JSON.GET', KEYS[1])} end
return {'ok', 0}
`);

/** What RedisJSON calls its type. */
export const DOCUMENT_TYPES = ["string", "ReJSON-RL"];

/** A key, and the node that it was found on. */
export interface SourceKey {
  readonly key: string;
  readonly node: ScriptRunner;
}

/** Reads the layouts of others, by scripts alone: so any client that the library takes will do. */
export class SourceRedis {
  readonly #nodes: readonly ScriptRunner[];
  readonly #isCluster: boolean;

  constructor(client: RedisClient | readonly RedisClient[]) {
    this.#isCluster = Array.isArray(client);
    const clients = (Array.isArray(client) ? client : [client]) as readonly RedisClient[];
    this.#nodes = clients.map((one) => new ScriptRunner(one, TIMEOUT_MS));
  }

  /** All keys that begin so. @throws TypeError where one client of a cluster is given */
  async keys(prefix: string, types: readonly string[]): Promise<SourceKey[]> {
    const pattern = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}*`;
    // A scan may find a key twice.
    const found = new Map<string, SourceKey>();
    for (const node of this.#nodes) {
      for (const type of types) {
        let cursor = "0";
        do {
          const [, , next, cluster, ...keys] = await node.runWithoutDeadline(
            SCAN,
            [],
            [cursor, pattern, type],
          );
          if (cluster === 1 && !this.#isCluster) {
            throw new TypeError(
              "client is of a Redis Cluster: give a list with a client of each of its masters",
            );
          }
          for (const key of keys) found.set(String(key), { key: String(key), node });
          cursor = String(next);
        } while (cursor !== "0");
      }
    }
    return [...found.values()];
  }
}

/** Fields of a hash; undefined for one that is not there. */
export async function readHash({ key, node }: SourceKey, fields: readonly string[]) {
  return values(await node.runWithoutDeadline(READ_HASH, [key], [...fields]));
}

/** Items of a list; indexes count from its end where they are negative. */
export async function readList({ key, node }: SourceKey, from: number, to: number): Promise<string[]> {
  const items = values(await node.runWithoutDeadline(READ_LIST, [key], [String(from), String(to)]));
  return items.flatMap((item) => item ?? []);
}

/** The JSON text of a document; undefined where the key is gone. */
export async function readDocument({ key, node }: SourceKey): Promise<string | undefined> {
  return values(await node.runWithoutDeadline(READ_DOCUMENT, [key], []))[0];
}

/** Reads of each of the keys, in their order, many at a time. */
export async function* readEach<K, V>(keys: readonly K[], read: (key: K) => Promise<V>): AsyncGenerator<V> {
  for (let from = 0; from < keys.length; from += TOGETHER) {
    yield* await Promise.all(keys.slice(from, from + TOGETHER).map(read));
  }
}

const values = ([, , ...rest]: Reply): (string | undefined)[] =>
  rest.map((value: string | number | null) => (value === null ? undefined : String(value)));
