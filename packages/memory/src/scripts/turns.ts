import { lua } from "../redis/script.ts";
import { branch, readScript, writeScript } from "./session-script.ts";

/**
 * Begins a turn: all of it or nothing. May be repeated with the same turn id.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  the turn's id                ARGV[4]  lease in ms
 * ARGV[5]  epoch, if the session is new ARGV[6]  info (JSON)
 * ARGV[7]  title of a session without items ARGV[8]  idempotency key, or empty
 * ARGV[9]  the hash of the request that the key stands for
 * ARGV[10] the turn to retry, or empty  ARGV[11] bytes of history to return at most; 0: the last input item alone
 * ARGV[12] the name of the context window whose start is asked for
 * ARGV[13] the turn that must be the session's last one; * if the session must be there; or empty
 * ARGV[14] the session's own TTL in ms, if it is new; or empty
 * ARGV[15] the item that the input replaces, with all that follow it; or empty
 * ARGV[16] terms of the input items, see `push_terms`
 * ARGV[17] not empty: the input of the last turn, which ended without output, is taken as a retry of that turn
 * ARGV[18…] two for each input item, see `new_records`; none for a retry
 *
 * Returns  {'begun', now, ttl, epoch, index of the last input item, count, when it was started,
 *           remembered start or -1, index of the first item returned, items…}, the input last
 *          {'busy', now, turn} | {'replay', now, turn} | {'mismatch', now, turn} | {'refused', now, why}
 *          {'duplicate', now, id}
 */
export const BEGIN = writeScript(
  lua`
local id, key = ARGV[3], ARGV[8]
if key ~= '' then
  local known = redis.call('HGET', idempotency, key)
  if known then
    -- A hash may have colons, a turn's id has none.
    local hash, turn = known:match('^(.*):(.*)$')
    if hash ~= ARGV[9] then return {'mismatch', now, turn} end
    if turn ~= id then return {'replay', now, turn} end
  end
end
-- Sent again, after it had begun and ended.
if current_turn ~= id and redis.call('HEXISTS', turns, id) == 1 then return {'replay', now, id} end

local known = redis.call('HMGET', meta, 'logged', 'context')
local replaced = ARGV[15] ~= '' and index_of(ARGV[15])
local records, given, is_layout_2
if current_turn ~= id and ARGV[10] == '' then
  local is_used = index_of
  if replaced then
    is_used = function(given_to)
      local index = index_of(given_to)
      return index and index < replaced
    end
  end
  records, given, is_layout_2 = new_records(18, is_used)
end
-- A message of this id has begun a turn before.
if records == nil and given then
  local index = index_of(given)
  local record = index and redis.call('LINDEX', messages, index) or ''
  local extras = record:sub(-2) == '}]' and cjson.decode(record)[5] or {}
  if extras.turn then return {'replay', now, extras.turn} end
  return {'duplicate', now, given}
end
if current_turn and current_turn ~= id then return {'busy', now, current_turn} end
if not current_turn and ARGV[13] ~= '' and not epoch then return {'refused', now, 'unknown'} end
${branch(
  "not current_turn and ARGV[13] ~= '' and ARGV[13] ~= '*'",
  lua`
local length = end_of_turn(ARGV[13])
if not length then return {'refused', now, 'unknown'} end
local tail = redis.call('LLEN', messages)
while tail > length and redis.call('LINDEX', messages, tail - 1) == '0' do tail = tail - 1 end
if tail > length then return {'refused', now, 'not_last'} end`,
)}

if not current_turn and ARGV[15] ~= '' then
  local record = replaced and redis.call('LINDEX', messages, replaced) or '0'
  if record == '0' then return {'refused', now, 'unknown'} end
end

local last, inputs
local started = now
local retried = ARGV[10]
${branch(
  "not current_turn and ARGV[17] ~= '' and retried == ''",
  lua`
retried = find_same_input(records) or ''
if retried ~= '' then records, given = nil, nil end`,
)}
${branch(
  "current_turn",
  lua`
local turn = parse_turn(redis.call('HGET', turns, id))
last, started = turn.user, tonumber(turn.started)`,
)}
${branch(
  "not current_turn and retried ~= ''",
  lua`
local former, why = find_retry(retried)
if not former then return {'refused', now, why} end
last, inputs = former.user, former.inputs
replace_output(retried, former)`,
)}
if not last then last = push(records) - 1 end
${branch("records and replaced", lua`remove_items(replaced, last - #records + 1)`)}

if not epoch then
  create_session(ARGV[5], '1')
  redis.call('HSET', meta, 'title', ARGV[7])
  if ARGV[14] ~= '' then
    own_ttl = ARGV[14]
    redis.call('HSET', meta, 'ttl', own_ttl)
  end
elseif records and last + 1 == #records then
  -- So far the session had only blobs.
  redis.call('HSETNX', meta, 'title', ARGV[7])
end
redis.call('HSET', meta, 'updated', now_text, 'turn', id, 'lease', ('%d'):format(now + ARGV[4]))
if not current_turn then
  if records then
    if is_layout_2 or #records > 1 then redis.call('HSET', meta, 'v', 2) end
    ${branch("ARGV[16] ~= ''", lua`push_terms(last - #records + 1, ARGV[16], 0)`)}
    for given_to, n in pairs(given) do redis.call('HSET', meta, 'id:' .. given_to, last - #records + 1 + n) end
  end
  redis.call('HSET', turns, id, format_turn({status = 'running', user = last, answer = -1,
    started = now_text, ended = '0', inputs = inputs or #records, outputs = 0, rest = ARGV[6]}))
end
if known[1] then
  redis.call('HDEL', meta, 'logged')
  redis.call('DEL', log)
end
if key ~= '' then redis.call('HSET', idempotency, key, ARGV[9] .. ':' .. id) end
local reply = {'begun', now, renew_ttl(), epoch, last, count_items(), started}
return add_history(reply, last, tonumber(ARGV[11]), ARGV[12], known[2])
`,
);

/**
 * Appends to the running turn's log; an empty text only renews its lease. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] lease in ms   ARGV[5] bytes of log before this text   ARGV[6] text
 * ARGV[7] info (JSON), or empty: unchanged   ARGV[8] present if the text has a mark
 *
 * The lease and the TTL of the keys are not renewed with every token, but ten times in the shorter of both.
 *
 * Returns {'ok', now, ttl} | {'ended', now, status or 'gone', count} | {'conflict', now, bytes there}
 */
export const APPEND = writeScript(
  lua`
local id, lease_ms, text = ARGV[3], tonumber(ARGV[4]), ARGV[6]
${branch("current_turn ~= id", lua`return turn_status(id)`)}
local ttl = tonumber(own_ttl or ARGV[2])
if text ~= '' then
  local offset, length = tonumber(ARGV[5]), redis.call('STRLEN', log)
  if length == offset then
    redis.call('APPEND', log, text)
    if length == 0 then redis.call('PEXPIRE', log, ttl) end
    if ARGV[8] then redis.call('HSET', meta, 'v', 2) end
    redis.pcall('PUBLISH', log, '')
  elseif length ~= offset + #text then
    return {'conflict', now, length}
  end
end
${branch("ARGV[7] ~= ''", lua`set_info(id, ARGV[7])`)}
local renewed = lease - lease_ms
${branch(
  "text == '' or now - renewed >= math.min(lease_ms, ttl) / 10",
  lua`
redis.call('HSET', meta, 'lease', now + lease_ms)
renew_ttl()`,
)}
return {'ok', now, ttl}
`,
);

/**
 * Ends a turn. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] status   ARGV[5] bytes of log before the rest   ARGV[6] the rest
 * ARGV[7] info (JSON), or empty: unchanged   ARGV[8] the context's window and start to remember, or empty
 * ARGV[9] terms of the output items, see `push_terms`; empty: not known
 * ARGV[10…] two for each output item, see `new_records`. They are stored instead of what the log holds, and the log
 *          stays until the next turn begins. None: the log becomes the output.
 *
 * Returns {'ok', now, status, count, ttl} | {'ended', now, status or 'gone', count}
 *         {'conflict', now, bytes there}
 */
export const END = writeScript(
  lua`
local id = ARGV[3]
${branch("current_turn ~= id", lua`return turn_status(id)`)}
local rest, offset, length = ARGV[6], tonumber(ARGV[5]), redis.call('STRLEN', log)
if rest ~= '' and length == offset + #rest then rest = ''
elseif length ~= offset then return {'conflict', now, length} end
local output
${branch("#ARGV > 9", lua`output = new_records(10)`)}
local answer = end_turn(ARGV[4], rest, ARGV[7], output)
${branch("ARGV[9] ~= '' and answer >= 0", lua`push_terms(answer, ARGV[9], 0)`)}
if ARGV[8] ~= '' then redis.call('HSET', meta, 'context', ARGV[8]) end
local ttl = renew_ttl()
return {'ok', now, ARGV[4], count_items(), ttl}
`,
);

/**
 * Takes a running turn back: its input is removed, unless it was there before, and its record. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id
 *
 * Returns {'ok', now} | {'ended', now, status or 'gone', count}
 */
export const DISCARD = writeScript(
  lua`
local id = ARGV[3]
if current_turn ~= id then return turn_status(id) end
local turn = parse_turn(redis.call('HGET', turns, id))
local record = redis.call('LINDEX', messages, turn.user) or ''
if record:find('"turn":"' .. id .. '"', 1, true) then remove_items(turn.user - turn.inputs + 1, turn.user + 1) end
local keys = redis.call('HGETALL', idempotency)
for n = 2, #keys, 2 do
  if keys[n]:match('[^:]*$') == id then redis.call('HDEL', idempotency, keys[n - 1]) end
end
redis.call('HDEL', meta, 'turn', 'lease')
redis.call('HDEL', turns, id)
redis.call('DEL', log)
redis.pcall('PUBLISH', log, '')
return {'ok', now}
`,
);

/**
 * Stops a running turn at once, whichever process writes it. It keeps the output that Redis has. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] its status: cancelled or interrupted
 *
 * Returns {'ok', now, ttl} | {'ended', now, status or 'gone', count}
 */
export const STOP = writeScript(
  lua`
local id = ARGV[3]
if current_turn ~= id then return turn_status(id) end
end_turn(ARGV[4], '', '')
return {'ok', now, renew_ttl()}
`,
);

/**
 * Reads a turn.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id   ARGV[4] bytes of its log that are known already
 *
 * Returns {'running', now, epoch, count, record, log after those bytes}
 *         {'ended', now, epoch, count, record, 1 if its log is still there, log after those bytes, its output…}
 *         {'gone', now}
 */
export const READ_TURN = readScript(
  lua`
local id = ARGV[3]
local record = redis.call('HGET', turns, id)
if not record then return {'gone', now} end
if current_turn == id then
  return {'running', now, epoch, count_items(), record, redis.call('GETRANGE', log, ARGV[4], -1)}
end
local is_logged = redis.call('HGET', meta, 'logged') == id
local reply = {'ended', now, epoch, count_items(), record, is_logged and 1 or 0,
  is_logged and redis.call('GETRANGE', log, ARGV[4], -1) or ''}
local turn = parse_turn(record)
if turn.answer >= 0 then
  for _, item in ipairs(redis.call('LRANGE', messages, turn.answer, turn.answer + turn.outputs - 1)) do
    reply[#reply + 1] = item
  end
end
return reply
`,
);

/**
 * Reads the records of turns.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3…] their ids
 *
 * Returns {'ok', now, record or '' …}
 */
export const READ_RECORDS = readScript(
  lua`
local reply = {'ok', now}
for i = 3, #ARGV do reply[i] = redis.call('HGET', turns, ARGV[i]) or '' end
return reply
`,
);

/**
 * Removes the record of a turn that has ended; its items stay.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the turn's id
 *
 * Returns {'ok', now, how many turns the session still has} | {'gone', now} | {'running', now}
 */
export const FORGET = writeScript(
  lua`
local id = ARGV[3]
if current_turn == id then return {'running', now} end
if redis.call('HDEL', turns, id) == 0 then return {'gone', now} end
return {'ok', now, redis.call('HLEN', turns)}
`,
);

/**
 * Reads what a turn would find, and changes nothing.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] bytes of history to return at most   ARGV[4] the window whose start is asked for
 * ARGV[5] the turn that would be retried, or empty
 *
 * Returns {'ok', now, epoch or '', count, remembered start or -1, index of the first item returned, items…}
 *         {'refused', now, why}
 */
export const PEEK = readScript(
  lua`
local last, found = redis.call('LLEN', messages) - 1, count_items()
if ARGV[5] ~= '' then
  local turn, why = find_retry(ARGV[5])
  if not turn then return {'refused', now, why} end
  last, found = turn.user, found - #turn.shown
end
local reply = {'ok', now, epoch or '', found}
return add_history(reply, last, tonumber(ARGV[3]), ARGV[4], redis.call('HGET', meta, 'context'))
`,
);
