import { lua, script } from "../../redis/script.ts";
import { PRELUDE, REPLY_BYTES } from "./prelude.ts";

/**
 * A store is three keys in one slot. An item's name is its namespace, the labels joined by U+001E, then U+001F and its
 * key; its record is a JSON array: when it was created and updated (ms), and its value.
 *
 * KEYS[1] HASH: name → record   KEYS[2] ZSET of the items, by name   KEYS[3] ZSET of the items, by when they expire
 * ARGV[1] deadline in Redis' time, ms
 */
const STORE = lua`${PRELUDE}
local records, order, expires = unpack(KEYS)
local function read(name)
  local at = redis.call('ZSCORE', expires, name)
  return at and tonumber(at) > now and redis.call('HGET', records, name)
end
local function remove(name)
  redis.call('HDEL', records, name)
  redis.call('ZREM', order, name)
  redis.call('ZREM', expires, name)
end
local function remove_expired()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', expires, '-inf', now, 'LIMIT', 0, 1000)) do remove(name) end
end
`;

/**
 * Sets and removes items: all or none.
 *
 * ARGV[2] TTL in ms   ARGV[3…] pairs: name, value in JSON, or empty: it is removed
 *
 * Returns {'ok', now}
 */
export const PUT_ITEMS = script(
  STORE,
  lua`
remove_expired()
for i = 3, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if value == '' then
    remove(name)
  else
    local created = (read(name) or ''):match('^%[(%d+),') or now
    redis.call('HSET', records, name, '[' .. created .. ',' .. now .. ',' .. value .. ']')
    redis.call('ZADD', order, 0, name)
    redis.call('ZADD', expires, now + ARGV[2], name)
  end
end
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
end
return {'ok', now}
`,
);

/** ARGV[2…] names. Returns {'ok', now, record or '', …} */
export const GET_ITEMS = script(
  STORE,
  lua`
local reply = {'ok', now}
for i = 2, #ARGV do reply[i + 1] = read(ARGV[i]) or '' end
return reply
`,
);

/**
 * ARGV[2] namespace, or empty: all   ARGV[3] name to begin behind, or empty
 *
 * Returns {'ok', now, the name to go on behind or '', name, record, …}, in the order of names
 */
export const SEARCH_ITEMS = script(
  STORE,
  lua`
local first = ARGV[3] ~= '' and '(' .. ARGV[3] or ARGV[2] == '' and '-' or '[' .. ARGV[2] .. '\\30'
local last = ARGV[2] == '' and '+' or '(' .. ARGV[2] .. '\\31\\255'
local reply, bytes = {'ok', now, ''}, 0
for _, name in ipairs(redis.call('ZRANGEBYLEX', order, first, last, 'LIMIT', 0, 500)) do
  local record = read(name)
  if record then
    bytes = bytes + #record
    if bytes > ${REPLY_BYTES} and #reply > 3 then return reply end
    reply[#reply + 1] = name
    reply[#reply + 1] = record
  end
  reply[3] = name
end
return reply
`,
);

/**
 * Jumps from namespace to namespace, so the cost is theirs and not that of the items.
 *
 * ARGV[2] namespace to begin behind, or empty
 *
 * Returns {'ok', now, the namespace to go on behind or '', namespace, …}
 */
export const LIST_NAMESPACES = script(
  STORE,
  lua`
remove_expired()
local reply, last = {'ok', now, ''}, ARGV[2]
for _ = 1, 1000 do
  local from = last == '' and '-' or '(' .. last .. '\\31\\255'
  local name = redis.call('ZRANGEBYLEX', order, from, '+', 'LIMIT', 0, 1)[1]
  if not name then
    reply[3] = ''
    return reply
  end
  last = name:match('^[^\\31]*')
  reply[#reply + 1] = last
  reply[3] = last
end
return reply
`,
);
