import { lua, script } from "../../redis/script.ts";
import { PRELUDE, REPLY_BYTES } from "./prelude.ts";

/**
 * A thread is five keys in one slot. Names are joined by U+001F: a checkpoint is `namespace id`, a value
 * `namespace channel version`, a write `namespace id task index`.
 *
 * KEYS[1] HASH: checkpoint → record      KEYS[2] ZSET of the checkpoints, by name
 * KEYS[3] HASH: value → packed           KEYS[4] HASH: write → record    KEYS[5] ZSET of the writes, by name
 * ARGV[1] deadline in Redis' time, ms
 *
 * A checkpoint's record is a JSON array: the checkpoint without its values, its metadata, the parent's id or '', and
 * the names of its values. Each version of a channel's value is stored once, however many checkpoints have it.
 */
const THREAD = lua`${PRELUDE}
local records, order, values, writes, write_order = unpack(KEYS)
local function renew_ttl(ttl) for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end end
local function names_below(key, prefix)
  return redis.call('ZRANGEBYLEX', key, '[' .. prefix, '(' .. prefix .. '\\255')
end
`;

/**
 * ARGV[2] TTL in ms   ARGV[3] checkpoint   ARGV[4] record   ARGV[5…] pairs: value, packed
 *
 * Returns {'ok', now}
 */
export const PUT = script(
  THREAD,
  lua`
redis.call('HSET', records, ARGV[3], ARGV[4])
redis.call('ZADD', order, 0, ARGV[3])
for i = 5, #ARGV, 2 do redis.call('HSET', values, ARGV[i], ARGV[i + 1]) end
renew_ttl(ARGV[2])
return {'ok', now}
`,
);

/**
 * ARGV[2] TTL in ms   ARGV[3…] triples: 1 if a write of that name is kept as it is, the name, the record
 *
 * Returns {'ok', now}
 */
export const PUT_WRITES = script(
  THREAD,
  lua`
for i = 3, #ARGV, 3 do
  redis.call(ARGV[i] == '1' and 'HSETNX' or 'HSET', writes, ARGV[i + 1], ARGV[i + 2])
  redis.call('ZADD', write_order, 0, ARGV[i + 1])
end
renew_ttl(ARGV[2])
return {'ok', now}
`,
);

/**
 * ARGV[2] namespace and U+001F   ARGV[3] the checkpoint's id; empty: the newest one
 *
 * Returns {'ok', now, id, record, how many values, value, packed, …, write, record, …} | {'unknown', now}
 */
export const GET = script(
  THREAD,
  lua`
local name = ARGV[2] .. ARGV[3]
if ARGV[3] == '' then
  name = redis.call('ZREVRANGEBYLEX', order, '(' .. ARGV[2] .. '\\255', '[' .. ARGV[2], 'LIMIT', 0, 1)[1]
end
local record = name and redis.call('HGET', records, name)
if not record then return {'unknown', now} end
local reply = {'ok', now, name:sub(#ARGV[2] + 1), record, 0}
for _, value in ipairs(cjson.decode(record)[4]) do
  local packed = redis.call('HGET', values, value)
  if packed then
    reply[5] = reply[5] + 1
    reply[#reply + 1] = value
    reply[#reply + 1] = packed
  end
end
for _, write in ipairs(names_below(write_order, name .. '\\31')) do
  reply[#reply + 1] = write
  reply[#reply + 1] = redis.call('HGET', writes, write)
end
return reply
`,
);

/**
 * ARGV[2] namespace and U+001F, or empty: of all namespaces   ARGV[3] checkpoint to end before, or empty
 *
 * Returns {'ok', now, checkpoint, record, …}, a page of them, the newest of a namespace first
 */
export const LIST = script(
  THREAD,
  lua`
local last = ARGV[3] == '' and (ARGV[2] == '' and '+' or '(' .. ARGV[2] .. '\\255') or '(' .. ARGV[3]
local first = ARGV[2] == '' and '-' or '[' .. ARGV[2]
local reply, bytes = {'ok', now}, 0
for _, name in ipairs(redis.call('ZREVRANGEBYLEX', order, last, first, 'LIMIT', 0, 100)) do
  local record = redis.call('HGET', records, name)
  bytes = bytes + #record
  if bytes > ${REPLY_BYTES} and #reply > 2 then break end
  reply[#reply + 1] = name
  reply[#reply + 1] = record
end
return reply
`,
);

/** Returns {'ok', now} */
export const DELETE = script(THREAD, lua`redis.call('UNLINK', unpack(KEYS)) return {'ok', now}`);

/**
 * Notes a thread in the list of all, or removes it.
 *
 * KEYS[1] ZSET: thread, by when it expires   ARGV[2] thread   ARGV[3] its TTL in ms; 0: it is deleted
 *
 * Returns {'ok', now}
 */
export const NOTE_THREAD = script(
  PRELUDE,
  lua`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[3] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[2])
else
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end
return {'ok', now}
`,
);

/** KEYS[1] as above   ARGV[2] how many to skip. Returns {'ok', now, thread, …}, a page of them */
export const LIST_THREADS = script(
  PRELUDE,
  lua`
return {'ok', now, unpack(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'LIMIT', ARGV[2], 1000))}
`,
);
