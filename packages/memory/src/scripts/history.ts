import { lua, script } from "../redis/script.ts";
import { INFO_PRELUDE, PRELUDE, PRELUDE_WITHOUT_LAYOUT, TURN_PRELUDE } from "./prelude.ts";

/**
 * Appends messages: all or none.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  epoch, if the session is new
 * ARGV[4…] two for each: `role( time)( id)`, where time may be empty, and what stands behind the time in its record:
 *          `"content"(,more)]`. The long one is not taken apart: that would cost as much as a small command.
 *
 * Returns {'ok', now, ttl, epoch, index of the first, count} | {'duplicate', now, id}
 */
export const ADD = script(
  PRELUDE_WITHOUT_LAYOUT,
  TURN_PRELUDE,
  lua`
local known = redis.call('HMGET', meta, 'epoch', 'ttl', 'dropped', 'turn', 'lease', 'v')
if is_newer(known[6]) then return {'newer', now, known[6]} end
expire_if_lease_ended(known[4], known[5])
local epoch, given, records = known[1], {}, {}
local at_now = tostring(now)
for i = 4, #ARGV, 2 do
  local role, at = ARGV[i], at_now
  if role:find(' ', 1, true) then
    local time, id
    role, time, id = role:match('^(%a+) (%-?%d*) ?(.*)$')
    if time ~= '' then at = time end
    if id ~= '' then
      if given[id] or index_of(id, epoch) then return {'duplicate', now, id} end
      given[id] = #records
    end
  end
  records[#records + 1] = '[1,"' .. role .. '",' .. at .. ',' .. ARGV[i + 1]
end
local length
for i = 1, #records, 1000 do
  length = redis.call('RPUSH', messages, unpack(records, i, math.min(i + 999, #records)))
end
local first = length - #records
if epoch then
  redis.call('HSET', meta, 'updated', at_now)
else
  epoch = ARGV[3]
  redis.call('HSET', meta, 'v', '1', 'epoch', epoch, 'created', at_now, 'updated', at_now)
end
for id, n in pairs(given) do redis.call('HSET', meta, 'id:' .. id, first + n) end
return {'ok', now, renew_ttl(known[2]), epoch, first, length - (known[3] or 0)}
`,
);

// A reply is no larger than this, but for its last message: a larger one would keep Redis from everybody else.
const REPLY_BYTES = 1024 * 1024;
// For the same reason no more entries are looked at in one go, which takes some 10 ms.
const LOOKED_AT = 10_000;

/**
 * The newest messages, backwards from a message or from the end: no more than fit a reply, and none where those that
 * are asked for stand further away than one reply looks.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  how many at most   ARGV[4] the id that they end before, or empty
 * ARGV[5…] roles; none: all
 *
 * Where the oldest one found is a tool's result, what precedes it is returned too, back to its call (or as far as
 * another reply goes). What is no message's record is returned for the report, and is none of the limit.
 *
 * Returns {'ok', now, epoch or '', whether there may be older ones (0, 1), the index that those stand before, how many
 *         are only context, index, record, …}, newest first | {'unknown', now}
 */
export const RECENT = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
running_turn_if_writable()
local epoch = redis.call('HGET', meta, 'epoch')
local limit, start = tonumber(ARGV[3]), redis.call('LLEN', messages)
if ARGV[4] ~= '' then
  local before = index_of(ARGV[4], epoch)
  if not before or before >= start then return {'unknown', now} end
  start = before
end
local wanted
for i = 5, #ARGV do wanted = wanted or {}; wanted[ARGV[i]] = true end

local reply = {'ok', now, epoch or '', 0, 0, 0}
local found, extra, looked, role, bytes = 0, 0, 0, nil, 0
local function older_before(at)
  if reply[4] == 0 then reply[4], reply[5] = 1, at end
end
local function visit(at, record)
  if record == '0' then return true end
  local is = record:match('^%[1,"(%a+)",%-?%d+,"')
  if is and wanted and not wanted[is] then return true end
  bytes = bytes + #record
  if bytes > ${REPLY_BYTES} and found > 0 then limit = found end
  if found >= limit then
    older_before(at + 1)
    -- Beyond the limit only the way back from a result to its call is of interest.
    if role ~= 'tool' or (wanted and not wanted.assistant) or bytes > ${2 * REPLY_BYTES} then return false end
    extra = extra + 1
  elseif is then
    found = found + 1
  end
  role = is or role
  reply[#reply + 1] = at
  reply[#reply + 1] = record
  return true
end
local step = math.min(limit + 1, 64)
while start > 0 and limit > 0 do
  local low = math.max(0, start - step)
  local chunk = redis.call('LRANGE', messages, low, start - 1)
  local go = true
  for i = #chunk, 1, -1 do
    go = visit(low + i - 1, chunk[i])
    if not go then break end
  end
  if not go then break end
  start, step, looked = low, 64, looked + #chunk
  if looked >= ${LOOKED_AT} and found < limit and start > 0 then
    older_before(start)
    break
  end
end
reply[6] = extra
return reply
`,
);

/**
 * A page of messages, forwards: no more than fit a reply, and at least one.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the index to begin at   ARGV[4] how many list entries to look at
 *
 * Returns {'ok', now, epoch or '', next index or -1 at the end, index, record, …}
 */
export const RANGE = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
running_turn_if_writable()
local at, length = tonumber(ARGV[3]), redis.call('LLEN', messages)
local last, bytes = math.min(at + ARGV[4], length), 0
local reply = {'ok', now, redis.call('HGET', meta, 'epoch') or '', -1}
while at < last and bytes < ${REPLY_BYTES} do
  for _, record in ipairs(redis.call('LRANGE', messages, at, math.min(at + 8, last) - 1)) do
    if bytes >= ${REPLY_BYTES} then break end
    bytes = bytes + #record
    if record ~= '0' then
      reply[#reply + 1] = at
      reply[#reply + 1] = record
    end
    at = at + 1
  end
end
if at < length then reply[4] = at end
return reply
`,
);

/**
 * Drops one message.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] its id; empty: the newest
 *
 * Returns {'ok', now, ttl} | {'unknown', now}
 */
export const DROP = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
running_turn()
local at
if ARGV[3] ~= '' then
  at = index_of(ARGV[3], redis.call('HGET', meta, 'epoch'))
else
  at = redis.call('LLEN', messages) - 1
  while at >= 0 and redis.call('LINDEX', messages, at) == '0' do at = at - 1 end
end
local record = at and at >= 0 and redis.call('LINDEX', messages, at)
if not record or record == '0' then return {'unknown', now} end
local readable, decoded = pcall(cjson.decode, record)
local id = readable and type(decoded) == 'table' and type(decoded[5]) == 'table' and decoded[5].id
if id and ARGV[3] ~= '' and id ~= ARGV[3] then return {'unknown', now} end
redis.call('HSET', meta, 'updated', now)
redis.call('HINCRBY', meta, 'dropped', 1)
redis.call('LSET', messages, at, '0')
if id then redis.call('HDEL', meta, 'id:' .. id) end
return {'ok', now, renew_ttl()}
`,
);

/**
 * Ends the running turn, if there is one, and forgets the session, whole.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns {'ok', now, 1 if there was one}
 */
export const CLEAR = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
local there = redis.call('UNLINK', unpack(KEYS))
notify()
return {'ok', now, there > 0 and 1 or 0}
`,
);

/**
 * Sets what a session has of its own, lastingly.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3…] pairs of field and value: `ttl` (ms), `title`
 *
 * Returns {'ok', now, ttl} | {'unknown', now}
 */
export const UPDATE = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
running_turn()
if redis.call('EXISTS', meta) == 0 then return {'unknown', now} end
redis.call('HSET', meta, unpack(ARGV, 3))
return {'ok', now, renew_ttl()}
`,
);

/**
 * What is known of a session.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns what `info` of the prelude does
 */
export const INFO = script(PRELUDE, TURN_PRELUDE, INFO_PRELUDE, lua`return session_info()`);
