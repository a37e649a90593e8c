import { lua } from "../redis/script.ts";
import { readScript, writeScript } from "./session-script.ts";

/**
 * Opens a session to be read whole: what is settled of it, from the beginning up to the message of a running turn.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the id of a message to end before, or empty   ARGV[4] the id of a turn to end with, or empty
 *
 * Returns what `session_info` does, and: the index of its end, the session's own TTL in ms or '', the remembered
 *         start of its context window or '' (also when that lies behind the end), its layout version
 *         {'unknown', now} | {'unknown_message', now} | {'unknown_turn', now}
 */
export const OPEN = readScript(
  lua`
local reply = session_info()
if reply[1] == 'unknown' then return reply end
local last = redis.call('LLEN', messages)
if ARGV[3] ~= '' then
  local before = index_of(ARGV[3])
  if not before or before >= last then return {'unknown_message', now} end
  last = before
end
if ARGV[4] ~= '' then
  local length = end_of_turn(ARGV[4])
  if not length then return {'unknown_turn', now} end
  last = math.min(last, length)
end
local record = reply[10] ~= '' and redis.call('HGET', turns, reply[10])
if record then
  local turn = parse_turn(record)
  last = math.min(last, turn.user - turn.inputs + 1)
end
local context = redis.call('HGET', meta, 'context')
local from = context and context:match(':(%d+)$')
reply[#reply + 1] = last
reply[#reply + 1] = own_ttl or ''
reply[#reply + 1] = from and tonumber(from) < last and context or ''
reply[#reply + 1] = layout or '1'
return reply
`,
);

/**
 * Reads entries of the list as they are, the dropped ones too: 500 or 1 MiB at most, and at least one. A few at a time:
 * of large ones, what is read and does not fit is read again for the next page.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the epoch that the session had when it was opened   ARGV[4] from this index   ARGV[5] to, excluded
 *
 * Returns {'ok', now, record, …} | {'gone', now}
 */
export const READ_ENTRIES = readScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
local from, to = tonumber(ARGV[4]), math.min(tonumber(ARGV[5]), ARGV[4] + 500)
local reply, bytes = {'ok', now}, 0
while from < to do
  local chunk = redis.call('LRANGE', messages, from, math.min(from + 8, to) - 1)
  if #chunk == 0 then return {'gone', now} end
  for _, record in ipairs(chunk) do
    bytes = bytes + #record
    if #reply > 2 and bytes > 1048576 then return reply end
    reply[#reply + 1] = record
  end
  from = from + #chunk
end
return reply
`,
);

/**
 * Reads records of turns that are settled: ended, and with their messages before the end. A record may come twice.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the epoch that the session had when it was opened   ARGV[4] the end, an index
 * ARGV[5] 0, then the cursor of the last reply
 *
 * Returns {'ok', now, the next cursor or 0, turn, record, …} | {'gone', now}
 */
export const SCAN_TURNS = readScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
local last = tonumber(ARGV[4])
local page = redis.call('HSCAN', turns, ARGV[5], 'COUNT', 200)
local reply = {'ok', now, page[1]}
for i = 1, #page[2], 2 do
  local record = page[2][i + 1]
  local readable, turn = pcall(parse_turn, record)
  if readable and turn.status ~= 'running' and turn.user < last and turn.answer + turn.outputs - 1 < last then
    reply[#reply + 1] = page[2][i]
    reply[#reply + 1] = record
  end
end
return reply
`,
);

/**
 * Begins every script on a copy: a session that is being made of many pages. It is made under names of its own,
 * in the slot of the session that it becomes; one that is not finished expires within a minute.
 *
 * KEYS[10…14] the copy's messages, meta, turns, blobs and vectors
 */
const COPY_HEAD = lua`
local copy_messages, copy_meta, copy_turns, copy_blobs, copy_vectors = unpack(KEYS, 10, 14)
-- Terms and vectors alone are left from a session that Redis has evicted.
local function session_exists() return redis.call('EXISTS', unpack(KEYS, 1, 6)) > 0 end
local function expire_in_a_minute()
  for i = 10, 14 do redis.call('PEXPIRE', KEYS[i], 60000) end
end
`;

/**
 * Adds entries to a copy. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the copy's messages   KEYS[11] its meta   KEYS[12] its turns   KEYS[13] its blobs   KEYS[14] its vectors
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  the index of the first
 * ARGV[4…] pairs: the record, `0` for a message that was dropped; the id to index it by, or empty
 *
 * Returns {'ok', now} | {'taken', now}: the session is there already | {'lost', now}: the copy has expired
 */
export const COPY_ENTRIES = writeScript(
  COPY_HEAD,
  lua`
if session_exists() then return {'taken', now} end
local first, there = tonumber(ARGV[3]), redis.call('LLEN', copy_messages)
if there == first then
  local dropped = 0
  for i = 4, #ARGV, 2 do
    local at = redis.call('RPUSH', copy_messages, ARGV[i]) - 1
    if ARGV[i] == '0' then dropped = dropped + 1 end
    if ARGV[i + 1] ~= '' then redis.call('HSET', copy_meta, 'id:' .. ARGV[i + 1], at) end
  end
  if dropped > 0 then redis.call('HINCRBY', copy_meta, 'dropped', dropped) end
elseif there ~= first + (#ARGV - 3) / 2 then
  return {'lost', now}
end
expire_in_a_minute()
return {'ok', now}
`,
);

/**
 * Adds records of turns to a copy. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the copy's messages   KEYS[11] its meta   KEYS[12] its turns   KEYS[13] its blobs   KEYS[14] its vectors
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3…] pairs: the turn's id, its record
 *
 * Returns {'ok', now}
 */
export const COPY_TURNS = writeScript(
  COPY_HEAD,
  lua`
-- One by one: a small hash is read in one page, of more records than Lua unpacks.
for i = 3, #ARGV, 2 do redis.call('HSET', copy_turns, ARGV[i], ARGV[i + 1]) end
expire_in_a_minute()
return {'ok', now}
`,
);

/**
 * Adds a piece of a blob to a copy, or what is known of one. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the copy's messages   KEYS[11] its meta   KEYS[12] its turns   KEYS[13] its blobs   KEYS[14] its vectors
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] field   ARGV[4] value   ARGV[5] bytes of all blobs so far
 *
 * Returns {'ok', now}
 */
export const COPY_BLOB = writeScript(
  COPY_HEAD,
  lua`
redis.call('HSET', copy_blobs, ARGV[3], ARGV[4], '', ARGV[5])
expire_in_a_minute()
return {'ok', now}
`,
);

/**
 * Adds entries of vectors to a copy. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the copy's messages   KEYS[11] its meta   KEYS[12] its turns   KEYS[13] its blobs   KEYS[14] its vectors
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  the index of the first   ARGV[4…] the entries, at most 1,000
 *
 * Returns {'ok', now}
 */
export const COPY_VECTORS = writeScript(
  COPY_HEAD,
  lua`
if redis.call('LLEN', copy_vectors) == tonumber(ARGV[3]) then redis.call('RPUSH', copy_vectors, unpack(ARGV, 4)) end
expire_in_a_minute()
return {'ok', now}
`,
);

/**
 * Makes a copy the session, all of it at once.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the copy's messages   KEYS[11] its meta   KEYS[12] its turns   KEYS[13] its blobs   KEYS[14] its vectors
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  how many entries it has   ARGV[4] how many summaries
 * ARGV[5…] two for each summary, oldest first: the index that it ends before, its record; then pairs of field and value
 *          of its meta
 *
 * Returns {'ok', now, ttl} | {'taken', now} | {'lost', now}
 */
export const FINISH_COPY = writeScript(
  COPY_HEAD,
  lua`
if session_exists() then return {'taken', now} end
if redis.call('LLEN', copy_messages) ~= tonumber(ARGV[3]) then return {'lost', now} end
local first_field = 5 + 2 * ARGV[4]
redis.call('HSET', copy_meta, 'created', now_text, 'updated', now_text, unpack(ARGV, first_field))
redis.call('DEL', words, vectors, summary)
for i = 5, first_field - 1, 2 do redis.call('HSET', summary, 's:' .. ARGV[i], ARGV[i + 1], 'to', ARGV[i]) end
local renamed = {[copy_messages] = messages, [copy_meta] = meta, [copy_turns] = turns, [copy_blobs] = blobs,
  [copy_vectors] = vectors}
for from, to in pairs(renamed) do
  if redis.call('EXISTS', from) == 1 then redis.call('RENAME', from, to) end
end
if ARGV[4] ~= '0' then redis.call('HSET', summary, 'epoch', redis.call('HGET', meta, 'epoch')) end
own_ttl = redis.call('HGET', meta, 'ttl')
return {'ok', now, renew_ttl()}
`,
);
