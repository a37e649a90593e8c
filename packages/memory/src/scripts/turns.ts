import { lua, script } from "../redis/script.ts";
import { HISTORY_PRELUDE, PRELUDE, RETRY_PRELUDE, TURN_PRELUDE } from "./prelude.ts";

/**
 * Begins a turn: all of it or nothing. May be repeated with the same turn id.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  the turn's id                ARGV[4]  lease in ms
 * ARGV[5]  epoch, if the session is new ARGV[6]  the user's message as JSON; empty when it is a retry
 * ARGV[7]  info (JSON)                  ARGV[8]  title, if the session is new
 * ARGV[9]  idempotency key, or empty    ARGV[10] the hash of the request that it stands for
 * ARGV[11] the turn to retry, or empty  ARGV[12] bytes of history to return at most; 0: this message alone
 * ARGV[13] the name of the context window whose start is asked for
 *
 * Returns  {'begun', now, ttl, epoch, index of the user's message, count, remembered start or -1,
 *           index of the first message returned, messages…}, the user's message last
 *          {'busy', now, turn} | {'replay', now, turn} | {'mismatch', now, turn} | {'refused', now, why}
 */
export const BEGIN = script(
  PRELUDE,
  TURN_PRELUDE,
  RETRY_PRELUDE,
  HISTORY_PRELUDE,
  lua`
local id, key = ARGV[3], ARGV[9]
if key ~= '' then
  local known = redis.call('HGET', idempotency, key)
  if known then
    local hash, turn = known:match('^(.-):(.*)$')
    if hash ~= ARGV[10] then return {'mismatch', now, turn} end
    if turn ~= id then return {'replay', now, turn} end
  end
end
local current = running_turn()
-- Sent again, after it had begun and ended.
if current ~= id and redis.call('HEXISTS', turns, id) == 1 then return {'replay', now, id} end
if current and current ~= id then return {'busy', now, current} end

local last
if current then
  last = tonumber(redis.call('HGET', turns, id):match('^%[1,"running",(%d+)'))
elseif ARGV[11] ~= '' then
  local user, answer, record = find_retry(ARGV[11])
  if not user then return {'refused', now, answer} end
  last = user
  if answer >= 0 then
    -- What was shown of the former answer leaves the conversation, not the record.
    local text = cjson.decode(redis.call('LINDEX', messages, answer))[4]
    redis.call('HSET', turns, ARGV[11], record:sub(1, -2) .. ',' .. cjson.encode(text) .. ']')
    redis.call('LSET', messages, answer, '0')
    redis.call('HINCRBY', meta, 'dropped', 1)
  end
else
  last = redis.call('RPUSH', messages, '[1,"user",' .. now .. ',' .. ARGV[6] .. ',{"turn":"' .. id .. '"}]') - 1
end

local known = redis.call('HMGET', meta, 'epoch', 'ttl')
local epoch = known[1]
if not epoch then
  epoch = ARGV[5]
  redis.call('HSET', meta, 'v', 1, 'epoch', epoch, 'created', now, 'title', ARGV[8])
end
redis.call('HSET', meta, 'updated', now, 'turn', id, 'lease', now + ARGV[4])
if not current then redis.call('HSET', turns, id, '[1,"running",' .. last .. ',-1,' .. now .. ',0,' .. ARGV[7] .. ']') end
if key ~= '' then redis.call('HSET', idempotency, key, ARGV[10] .. ':' .. id) end
local ttl = renew_ttl(known[2])

return add_history({'begun', now, ttl, epoch, last, count_items()}, last, tonumber(ARGV[12]), ARGV[13])
`,
);

/**
 * Appends to the running turn's text; an empty one only renews its lease. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] lease in ms   ARGV[5] bytes of text before this one   ARGV[6] text
 * ARGV[7] info (JSON), or empty: unchanged
 *
 * The lease and the life of the keys are not renewed with every token, but ten times in the shorter of both.
 *
 * Returns {'ok', now, ttl} | {'ended', now, status or 'gone', count} | {'conflict', now, bytes there}
 */
export const APPEND = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
local id, lease, text = ARGV[3], tonumber(ARGV[4]), ARGV[6]
local known = redis.call('HMGET', meta, 'turn', 'lease', 'ttl')
if expire_if_lease_ended(known[1], known[2]) ~= id then return turn_status(id) end
local ttl = tonumber(known[3] or ARGV[2])
if text ~= '' then
  local offset, length = tonumber(ARGV[5]), redis.call('STRLEN', log)
  if length == offset then
    redis.call('APPEND', log, text)
    if length == 0 then redis.call('PEXPIRE', log, ttl) end
    notify()
  elseif length ~= offset + #text then
    return {'conflict', now, length}
  end
end
if ARGV[7] ~= '' then
  local head = redis.call('HGET', turns, id):match('^%[1,"%a+",%d+,%-?%d+,%d+,%d+,')
  redis.call('HSET', turns, id, head .. ARGV[7] .. ']')
end
local renewed = known[2] - lease
if text == '' or now - renewed >= math.min(lease, ttl) / 10 then
  redis.call('HSET', meta, 'lease', now + lease)
  renew_ttl(known[3])
end
return {'ok', now, ttl}
`,
);

/**
 * Ends a turn. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] status   ARGV[5] bytes of text before the rest   ARGV[6] the rest
 * ARGV[7] info (JSON), or empty: unchanged   ARGV[8] the context's window and start to remember, or empty
 *
 * Returns {'ok', now, status, count, ttl} | {'ended', now, status or 'gone', count}
 *         {'conflict', now, bytes there}
 */
export const END = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
local id = ARGV[3]
if running_turn() ~= id then return turn_status(id) end
local rest, offset, length = ARGV[6], tonumber(ARGV[5]), redis.call('STRLEN', log)
if rest ~= '' and length == offset + #rest then rest = ''
elseif length ~= offset then return {'conflict', now, length} end
end_turn(id, ARGV[4], rest, ARGV[7])
if ARGV[8] ~= '' then redis.call('HSET', meta, 'context', ARGV[8]) end
local ttl = renew_ttl()
return {'ok', now, ARGV[4], count_items(), ttl}
`,
);

/**
 * Stops a running turn at once, whichever process writes it. It keeps the text that Redis has. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] its status: cancelled or interrupted
 *
 * Returns {'ok', now, ttl} | {'ended', now, status or 'gone', count}
 */
export const STOP = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
local id = ARGV[3]
if running_turn() ~= id then return turn_status(id) end
end_turn(id, ARGV[4], '', '')
return {'ok', now, renew_ttl()}
`,
);

/**
 * Reads a turn.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] bytes of its text that are known already
 *
 * Returns {'running', now, epoch, count, record, text after those bytes}
 *         {'ended', now, epoch, count, record, the answer's message or ''} | {'gone', now}
 */
export const READ_TURN = script(
  PRELUDE,
  TURN_PRELUDE,
  lua`
local id = ARGV[3]
local current = running_turn_if_writable()
local record = redis.call('HGET', turns, id)
if not record then return {'gone', now} end
local epoch = redis.call('HGET', meta, 'epoch')
if current == id then
  return {'running', now, epoch, count_items(), record, redis.call('GETRANGE', log, ARGV[4], -1)}
end
local answer = tonumber(record:match('^%[1,"%a+",%d+,(%-?%d+)'))
local text = answer >= 0 and redis.call('LINDEX', messages, answer) or ''
return {'ended', now, epoch, count_items(), record, text}
`,
);

/**
 * Reads the records of turns.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3…] their ids
 *
 * Returns {'ok', now, record or '' …}
 */
export const READ_RECORDS = script(
  PRELUDE,
  lua`
local reply = {'ok', now}
for i = 3, #ARGV do reply[i] = redis.call('HGET', turns, ARGV[i]) or '' end
return reply
`,
);

/**
 * Reads what a turn would find, and changes nothing.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] bytes of history to return at most   ARGV[4] the window whose start is asked for
 * ARGV[5] the turn that would be retried, or empty
 *
 * Returns {'ok', now, epoch or '', count, remembered start or -1, index of the first message returned, messages…}
 *         {'refused', now, why}
 */
export const PEEK = script(
  PRELUDE,
  RETRY_PRELUDE,
  HISTORY_PRELUDE,
  lua`
local last, found = redis.call('LLEN', messages) - 1, count_items()
if ARGV[5] ~= '' then
  local user, answer = find_retry(ARGV[5])
  if not user then return {'refused', now, answer} end
  last = user
  if answer >= 0 then found = found - 1 end
end
local reply = {'ok', now, redis.call('HGET', meta, 'epoch') or '', found}
return add_history(reply, last, tonumber(ARGV[3]), ARGV[4])
`,
);
