import { lua, script } from "../redis/script.ts";
import { CLOCK } from "./clock.ts";

/**
 * KEYS[1] sessions by time of last use   KEYS[2] by time of expiry   KEYS[3] HASH: session → bytes, '' → all of them.
 * KEYS[4] HASH: the owner's notes. The first two are the owner's list of sessions.
 */
const PRELUDE = lua`${CLOCK}
local used, expires, bytes = KEYS[1], KEYS[2], KEYS[3]

-- Counts bytes of a session, for as long as the list itself lives.
local function add_bytes(id, by)
  if by ~= 0 then
    redis.call('HINCRBY', bytes, id, by)
    redis.call('HINCRBY', bytes, '', by)
  end
  local life = redis.call('PTTL', expires)
  if life > 0 then redis.call('PEXPIRE', bytes, life) end
end
`;

/**
 * Enters a session in its owner's list before it is written to, unless that would exceed the quota.
 *
 * ARGV[1] the session's id; empty: the owner's notes are to be written   ARGV[2] its TTL in ms, if it is new
 * ARGV[3] bytes that are to be written
 * ARGV[4] sessions at most   ARGV[5] bytes at most; empty: no limit
 *
 * Returns {'ok', now} | {'sessions' or 'bytes', now, when the next session expires, or -1}
 */
export const ADMIT = script(
  PRELUDE,
  lua`
local id, ttl, by = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local function refuse(what)
  local next = redis.call('ZRANGEBYSCORE', expires, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return {what, now, next[2] and math.floor(next[2]) or -1}
end
local until_when = redis.call('ZSCORE', expires, id)
local known = id == '' or until_when and tonumber(until_when) > now
if not known and ARGV[4] ~= '' and redis.call('ZCOUNT', expires, '(' .. now, '+inf') >= tonumber(ARGV[4]) then
  return refuse('sessions')
end
if ARGV[5] ~= '' then
  local max = tonumber(ARGV[5])
  for _, note in ipairs(redis.call('HVALS', KEYS[4])) do max = max - #note end
  local all = tonumber(redis.call('HGET', bytes, '') or 0)
  if all + by > max then
    -- Only now is it worth looking which sessions are gone: expired, cleared or deleted.
    local sizes = redis.call('HGETALL', bytes)
    all = 0
    for i = 1, #sizes, 2 do
      local at = sizes[i] ~= '' and redis.call('ZSCORE', expires, sizes[i])
      if at and tonumber(at) > now then
        all = all + sizes[i + 1]
      elseif sizes[i] ~= '' then
        redis.call('HDEL', bytes, sizes[i])
      end
    end
    redis.call('HSET', bytes, '', all)
    if all + by > max then return refuse('bytes') end
  end
end
if not known then
  redis.call('ZADD', used, now, id)
  redis.call('ZADD', expires, now + ttl, id)
  for n = 1, 2 do
    if redis.call('PTTL', KEYS[n]) < ttl + 60000 then redis.call('PEXPIRE', KEYS[n], ttl + 60000) end
  end
end
-- Notes are counted where they are.
if ARGV[5] ~= '' and id ~= '' then add_bytes(id, by) end
return {'ok', now}
`,
);

/**
 * Counts bytes that were written, or that were not after all.
 *
 * ARGV[1] the session's id   ARGV[2] bytes
 *
 * Returns {'ok', now}
 */
export const GROW = script(
  PRELUDE,
  lua`
add_bytes(ARGV[1], tonumber(ARGV[2]))
return {'ok', now}
`,
);
