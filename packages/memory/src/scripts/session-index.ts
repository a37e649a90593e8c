import { lua, script } from "../redis/script.ts";
import { CLOCK } from "./clock.ts";

const PRELUDE = lua`${CLOCK}
local used, expires = KEYS[1], KEYS[2]
`;

/**
 * Notes that a session was used, and forgets a few that expired more than a minute ago.
 *
 * KEYS     an owner's two index keys   ARGV[1] the session's id   ARGV[2] its TTL in ms
 */
export const TOUCH = script(
  PRELUDE,
  lua`
local ttl = tonumber(ARGV[2])
redis.call('ZADD', used, now, ARGV[1])
redis.call('ZADD', expires, now + ttl, ARGV[1])
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < ttl + 60000 then redis.call('PEXPIRE', key, ttl + 60000) end
end
local gone = redis.call('ZRANGEBYSCORE', expires, '-inf', now - 60000, 'LIMIT', 0, 10)
if #gone > 0 then
  redis.call('ZREM', used, unpack(gone))
  redis.call('ZREM', expires, unpack(gone))
end
return {'ok', now}
`,
);

/**
 * Forgets sessions, except those that were used since. In one millisecond the use counts as the earlier: one that was later
 * is noted again by the next use, but a session that is gone would count against its owner's quota until it expires.
 *
 * KEYS  an owner's two index keys   ARGV[1] the time in ms, or empty: a minute ago, as a session that is so
 *       young may be noted before it is there   ARGV[2…] ids
 */
export const FORGET = script(
  PRELUDE,
  lua`
local since = tonumber(ARGV[1]) or now - 60000
for i = 2, #ARGV do
  local last = redis.call('ZSCORE', used, ARGV[i])
  if last and tonumber(last) <= since then
    redis.call('ZREM', used, ARGV[i])
    redis.call('ZREM', expires, ARGV[i])
  end
end
return {'ok', now}
`,
);

/**
 * A page of an owner's sessions, last used first.
 *
 * KEYS  an owner's two index keys   ARGV[1] how many   ARGV[2] score and ARGV[3] id to go on behind, or empty
 *
 * Returns {'ok', now, id, last use in ms, …}
 */
export const LIST = script(
  PRELUDE,
  lua`
-- Not Lua's own comparison, which goes by the server's locale.
local function is_less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local reply, limit, skip = {'ok', now}, tonumber(ARGV[1]), 0
local max = ARGV[2] ~= '' and ARGV[2] or '+inf'
while #reply - 2 < limit * 2 do
  local page = redis.call('ZREVRANGEBYSCORE', used, max, '-inf', 'WITHSCORES', 'LIMIT', skip, limit)
  if #page == 0 then break end
  for i = 1, #page, 2 do
    -- Ids of one millisecond stand in reverse order of their bytes.
    local behind = ARGV[2] == '' or page[i + 1] ~= ARGV[2] or is_less(page[i], ARGV[3])
    if behind and #reply - 2 < limit * 2 then
      reply[#reply + 1] = page[i]
      reply[#reply + 1] = page[i + 1]
    end
  end
  skip = skip + #page / 2
end
return reply
`,
);
