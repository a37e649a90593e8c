import { lua } from "../redis/script.ts";
import { readScript, writeScript } from "./session-script.ts";

/** The window that searches end before moves on: entries behind its beginning that are read with the others. */
const READ_AHEAD = 500;

/**
 * Reads the entries of terms that stand before an item, as many as are asked for, and some behind it.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the id of an item, or empty: the end   ARGV[4] an index that they end before too, or empty
 * ARGV[5] how many entries
 * ARGV[6] an epoch, or empty   ARGV[7] a count of changes   ARGV[8] an index   ARGV[9] another: as long as the first
 *         two are the session's, the entries between these indexes are known to the caller
 *
 * Returns {'ok', now, epoch or '', count of changes, index of the item, index of the first entry, entry, …}: fewer
 *         than items if the terms of the last items are not stored; if some are known, those that follow these, which may
 *         begin behind the item
 *         {'unknown', now}: there is no item with the id
 */
export const READ_TERMS = readScript(
  lua`
local length = redis.call('LLEN', messages)
local last, to = length, length
if ARGV[3] ~= '' then
  last = index_of(ARGV[3])
  if not last or last >= length then return {'unknown', now} end
  to = math.min(length, last + ${READ_AHEAD})
end
if ARGV[4] ~= '' then
  last = math.min(last, ARGV[4])
  to = last
end
local first = math.max(0, last - ARGV[5])
local changes = redis.call('HGET', meta, 'reworded') or '0'
if epoch and ARGV[6] == epoch and ARGV[7] == changes and tonumber(ARGV[8]) <= last then
  first = math.min(to, ARGV[9])
end
local reply = {'ok', now, epoch or '', changes, last, first}
if first < to then
  for n, entry in ipairs(redis.call('LRANGE', words, first, to - 1)) do reply[6 + n] = entry end
end
return reply
`,
);

/**
 * Stores terms of items that had none. An item that was changed since it was read is left as it is.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch   ARGV[4] index of the first item
 * ARGV[5…] two for each item: SHA-1 of its record, entry of its terms
 *
 * Returns {'ok', now} | {'gone', now}
 */
export const STORE_TERMS = writeScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
local index = tonumber(ARGV[4])
local known = redis.call('LLEN', words)
if known > redis.call('LLEN', messages) then
  redis.call('DEL', words)
  known = 0
end
for i = 5, #ARGV, 2 do
  if index > known then break end
  local record = redis.call('LINDEX', messages, index)
  local is_same = record and redis.sha1hex(record) == ARGV[i]
  if index == known then
    redis.call('RPUSH', words, is_same and ARGV[i + 1] or '')
    known = known + 1
  elseif is_same then
    -- The item is the same, so its turn keeps its vector.
    redis.call('LSET', words, index, ARGV[i + 1])
    redis.call('HINCRBY', meta, 'reworded', 1)
  end
  index = index + 1
end
if layout ~= '2' then redis.call('HSET', meta, 'v', '2') end
local left = redis.call('PTTL', meta)
if left > 0 then redis.call('PEXPIRE', words, left) end
return {'ok', now}
`,
);

/**
 * Reads items by ranges of indexes, in this order: as many ranges as fit a reply, and at least one.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch   ARGV[4] the count of changes that it must have, or empty
 * ARGV[5…] two for each range: its first index, its last
 *
 * Returns {'ok', now, how many ranges, index, record, …} | {'gone', now} | {'changed', now}
 */
export const READ_RANGES = readScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
if ARGV[4] ~= '' and ARGV[4] ~= (redis.call('HGET', meta, 'reworded') or '0') then return {'changed', now} end
local reply, bytes = {'ok', now, 0}, 0
for i = 5, #ARGV, 2 do
  if bytes > 1048576 then break end
  for n, record in ipairs(redis.call('LRANGE', messages, ARGV[i], ARGV[i + 1])) do
    if record ~= '0' then
      bytes = bytes + #record
      reply[#reply + 1] = ARGV[i] + n - 1
      reply[#reply + 1] = record
    end
  end
  reply[3] = reply[3] + 1
end
return reply
`,
);

/**
 * Reads vectors of turns, those that the caller does not know.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] how many entries, the last ones   ARGV[4] how many in one reply
 * ARGV[5] an epoch, or empty   ARGV[6] a count of changes   ARGV[7] an index   ARGV[8] another: as long as the first
 *         two are the session's, the entries between these indexes are known to the caller, and are not returned unless
 *         older ones are asked for
 *
 * Returns {'ok', now, epoch or '', count of changes, how many entries there are, index of the first returned, entry, …}
 */
export const READ_VECTORS = readScript(
  lua`
local length = redis.call('LLEN', vectors)
local changes = redis.call('HGET', meta, 'revectored') or '0'
local first = math.max(0, length - ARGV[3])
local is_known = epoch and ARGV[5] == epoch and ARGV[6] == changes
if is_known and tonumber(ARGV[7]) <= first and tonumber(ARGV[8]) <= length then first = tonumber(ARGV[8]) end
local reply = {'ok', now, epoch or '', changes, length, first}
if first < length and ARGV[4] ~= '0' then
  for n, entry in ipairs(redis.call('LRANGE', vectors, first, first + ARGV[4] - 1)) do reply[6 + n] = entry end
end
return reply
`,
);

/**
 * Claims the making of a session's vectors for some seconds, so that of several processes one makes them.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch   ARGV[4] the process   ARGV[5] for how many ms
 *
 * Returns {'ok', now} | {'taken', now}: another process makes them | {'gone', now}
 */
export const CLAIM_VECTORS = writeScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
local process, ends = unpack(redis.call('HMGET', meta, 'embedder', 'embedder_until'))
if process and process ~= ARGV[4] and now < tonumber(ends) then return {'taken', now} end
redis.call('HSET', meta, 'embedder', ARGV[4], 'embedder_until', ('%d'):format(now + ARGV[5]))
return {'ok', now}
`,
);

// So many empty entries are added at most by one call, which takes a few milliseconds.
const MAX_PADDED = 10_000;

/**
 * Stores vectors of turns, in the order of their items. A turn of which an item was changed since it was read is left out.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch
 * ARGV[4…] four for each turn: index of its first item, number of its items, SHA-1 of their records joined by line feeds,
 *          its entry
 *
 * Returns {'ok', now, how many were stored} | {'more', now}: it is to be called again | {'gone', now}
 */
export const STORE_VECTORS = writeScript(
  lua`
if epoch ~= ARGV[3] then return {'gone', now} end
local length, stored = redis.call('LLEN', vectors), 0
if length > redis.call('LLEN', messages) then
  redis.call('DEL', vectors)
  redis.call('HINCRBY', meta, 'revectored', 1)
  length = 0
end
local function keep_ttl()
  local left = redis.call('PTTL', meta)
  if left > 0 then redis.call('PEXPIRE', vectors, left) end
end
local function append(entries)
  for i = 1, #entries, 1000 do
    length = redis.call('RPUSH', vectors, unpack(entries, i, math.min(i + 999, #entries)))
  end
end
for i = 4, #ARGV, 4 do
  local first, span = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local records = redis.call('LRANGE', messages, first, first + span - 1)
  local is_same = #records == span and redis.sha1hex(table.concat(records, '\\n')) == ARGV[i + 2]
  -- Another process may have stored the same vector meanwhile.
  if is_same and redis.call('LINDEX', vectors, first) ~= ARGV[i + 3] then
    local entries = {}
    for n = length, math.min(first, length + ${MAX_PADDED}) - 1 do entries[#entries + 1] = '' end
    append(entries)
    if length < first then
      keep_ttl()
      return {'more', now}
    end
    if first < length then redis.call('HINCRBY', meta, 'revectored', 1) end
    entries = {}
    for n = 0, span - 1 do
      local entry = n == 0 and ARGV[i + 3] or tostring(n)
      if first + n < length then
        redis.call('LSET', vectors, first + n, entry)
      else
        entries[#entries + 1] = entry
      end
    end
    append(entries)
    stored = stored + 1
  end
end
if stored > 0 and layout ~= '2' then redis.call('HSET', meta, 'v', '2') end
keep_ttl()
return {'ok', now, stored}
`,
);
