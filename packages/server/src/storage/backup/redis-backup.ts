import { RESP_TYPES } from "@redis/client";
import { indexKeys, parseKey, sessionKeys } from "@redis-memory-magic/memory/internal";
import type { Redis } from "../redis.ts";
import { keysMatching } from "../scan.ts";
import { withinDeadline } from "../within-deadline.ts";
import type { BackupRecord } from "./backup-file.ts";
import { lastBackupKey } from "./last-backup.ts";

/** Dumps keys that lie in one slot, as they are at one moment. Returns [now, TTL in ms, dump or '', …]. */
const DUMP = `
local time = redis.call('TIME')
local reply = {time[1] * 1000 + math.floor(time[2] / 1000)}
for _, key in ipairs(KEYS) do
  reply[#reply + 1] = redis.call('PTTL', key)
  reply[#reply + 1] = redis.call('DUMP', key) or ''
end
return reply
`;

/**
 * Restores keys of one slot, all of them or none.
 *
 * ARGV[1] Redis' time at the dump when the time since then counts, else empty   ARGV[2] '1': in place of what is there
 * ARGV[3…] TTL in ms (0: none) and dump of each, an empty dump for one that was not there
 *
 * Returns 'there' | 'expired' | 'restored', and what a session's list has of it: time of last use, TTL in ms
 */
const RESTORE = `
if ARGV[2] == '' and redis.call('EXISTS', unpack(KEYS)) > 0 then return {'there'} end
local since = 0
if ARGV[1] ~= '' then
  local time = redis.call('TIME')
  since = math.max(0, time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1])
end
for i = 1, #KEYS do
  local ttl = tonumber(ARGV[1 + 2 * i])
  if ARGV[2 + 2 * i] ~= '' and ttl > 0 and ttl <= since then return {'expired'} end
end
for i, key in ipairs(KEYS) do
  local ttl, dump = tonumber(ARGV[1 + 2 * i]), ARGV[2 + 2 * i]
  if dump == '' then
    redis.call('UNLINK', key)
  else
    local done = redis.pcall('RESTORE', key, ttl > 0 and ttl - since or 0, dump, 'REPLACE')
    if type(done) == 'table' and done.err then
      -- Only where nothing was there before is there something to take back.
      if ARGV[2] == '' then redis.call('UNLINK', unpack(KEYS)) end
      return done
    end
  end
end
local meta = KEYS[2]
return {'restored', meta and redis.call('HGET', meta, 'updated') or '', meta and redis.call('PTTL', meta) or 0}
`;

/** Puts a restored session into its owner's list. KEYS: the list's two. ARGV: id, time of last use, TTL in ms. */
const LIST = `
local time = redis.call('TIME')
local ttl = tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ttl, ARGV[1])
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < ttl + 60000 then redis.call('PEXPIRE', key, ttl + 60000) end
end
`;

// A session of 100,000 messages is 25 MB.
const DEADLINE_MS = 30_000;

export type Restored = "restored" | "there" | "expired";

interface Group {
  readonly keys: string[];
  readonly session?: { readonly owner: string; readonly id: string };
}

interface RestoreOptions {
  /** Existing keys are replaced instead of skipped. */
  readonly replace: boolean;
  /** The time since the backup counts: what has expired since stays gone. */
  readonly expire: boolean;
}

/**
 * All that the product has in a Redis, key by key, by DUMP and RESTORE: on every topology, on managed services, and
 * beside whatever else is there. A session's keys are read and written in one step each. Lists of sessions are not
 * read: they are made anew of the sessions, whose times they hold.
 */
export class RedisBackup {
  readonly #client: Redis["client"];
  readonly #name: string;

  constructor(client: Redis["client"], name: string) {
    this.#client = client;
    this.#name = name;
  }

  /** Everything, while it is written to. Of all that was read only the names are kept in memory. */
  async *records(): AsyncGenerator<BackupRecord, void, void> {
    for await (const record of inBatches(this.#groups(), (group) => this.#dump(group))) {
      // A session without keys has expired since SCAN returned it.
      if (record.keys.length > 0) yield record;
    }
  }

  /** Keys that belong together, each group once. */
  async *#groups(): AsyncGenerator<Group, void, void> {
    // SCAN may return a key more than once.
    const seen = new Set<string>();
    for await (const key of keysMatching(this.#client, `${this.#name}:*`)) {
      const of = parseKey(this.#name, key);
      const group: Group =
        of?.sessionId == null
          ? { keys: [key] }
          : {
              keys: sessionKeys(this.#name, of.owner, of.sessionId).all,
              session: { owner: of.owner, id: of.sessionId },
            };
      // Not a session that is being copied and is none yet, and not a list of sessions.
      if (key === lastBackupKey(this.#name)) continue;
      const isList = of !== null && !group.session && indexKeys(this.#name, of.owner).includes(key);
      const [first = ""] = group.keys;
      if (isList || !group.keys.includes(key) || seen.has(first)) continue;
      seen.add(first);
      yield group;
    }
  }

  async #dump({ keys, session }: Group): Promise<BackupRecord> {
    const dumped = this.#binary.eval(DUMP, { keys });
    const reply = (await withinDeadline(dumped, DEADLINE_MS)) as [number, ...(number | Buffer)[]];
    const [at, ...fields] = reply;
    const found = keys.flatMap((key, n) => {
      const [ttl, dump] = [Number(fields[2 * n]), fields[2 * n + 1] as Buffer];
      if (dump.length === 0 || ttl === 0) return [];
      return [{ key, ttl: ttl < 0 ? null : ttl, dump: dump.toString("base64") }];
    });
    return { at, keys: found, ...(session && { session }) };
  }

  /** Restores records. Yields what became of each, in their order. @throws AppError, its cause an error of Redis */
  async *restore(records: AsyncIterable<BackupRecord>, options: RestoreOptions) {
    yield* inBatches(records, async (record) => ({
      record,
      result: await withinDeadline(this.#restore(record, options), DEADLINE_MS),
    }));
  }

  async #restore(
    { at, keys, session }: BackupRecord,
    { replace, expire }: RestoreOptions,
  ): Promise<Restored> {
    const names = session
      ? sessionKeys(this.#name, session.owner, session.id).all
      : keys.map(({ key }) => key);
    const of = new Map(keys.map((one) => [one.key, one]));
    const pairs = names.flatMap((name) => {
      const one = of.get(name);
      return [String(one?.ttl ?? 0), Buffer.from(one?.dump ?? "", "base64")];
    });
    const args = [expire ? String(at) : "", replace ? "1" : "", ...pairs];
    const reply = await this.#client.eval(RESTORE, { keys: names, arguments: args });
    const [what, used, ttl] = reply as [Restored, string, number];
    if (session && what === "restored" && used && ttl > 0) {
      const index = indexKeys(this.#name, session.owner);
      await this.#client.eval(LIST, { keys: index, arguments: [session.id, used, String(ttl)] });
    }
    return what;
  }

  get #binary() {
    return this.#client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  }
}

// Enough that the way to Redis and back does not count, and little enough to be held in memory.
const BATCH = 16;

/**
 * Does the work for each, some of them at once; yields the results in their order. When one fails, what came of those
 * that were under way is still told.
 */
async function* inBatches<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield* resultsOf(await Promise.allSettled(batch.map(work)));
    batch = [];
  }
  yield* resultsOf(await Promise.allSettled(batch.map(work)));
}

function* resultsOf<Result>(settled: readonly PromiseSettledResult<Result>[]): Generator<Result, void, void> {
  for (const one of settled) if (one.status === "fulfilled") yield one.value;
  for (const one of settled) if (one.status === "rejected") throw one.reason;
}
