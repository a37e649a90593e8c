import { lua, script } from "../redis/script.ts";
import { CLOCK } from "./clock.ts";
import { branch, readScript, writeScript } from "./session-script.ts";

/**
 * Appends items: all or none.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  epoch, if the session is new   ARGV[4] terms of the items, see `push_terms`
 * ARGV[5…] two for each item, see `new_records`
 *
 * Returns {'ok', now, ttl, epoch, index of the first, count} | {'duplicate', now, id}
 */
export const ADD = writeScript(
  lua`
local records, given, is_layout_2 = new_records(5, index_of)
if not records then return {'duplicate', now, given} end
local length = push(records)
local first = length - #records
if epoch then
  redis.call('HSET', meta, 'updated', now_text)
  if is_layout_2 then redis.call('HSET', meta, 'v', 2) end
else
  create_session(ARGV[3], is_layout_2 and '2' or '1')
end
for id, n in pairs(given) do redis.call('HSET', meta, 'id:' .. id, first + n) end
${branch("ARGV[4] ~= ''", lua`push_terms(first, ARGV[4], 0)`)}
return {'ok', now, renew_ttl(), epoch, first, length - (dropped or 0)}
`,
);

/**
 * Creates a session: all of it or nothing. May be repeated with the same epoch.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch   ARGV[4] terms of the items, see `push_terms`
 * ARGV[5] its own TTL in ms, or empty   ARGV[6] metadata (JSON), or empty
 * ARGV[7…] two for each item, see `new_records`
 *
 * Returns {'ok', now, ttl} | {'taken', now} | {'duplicate', now, id}
 */
export const CREATE = writeScript(
  lua`
if epoch then
  if epoch ~= ARGV[3] then return {'taken', now} end
  return {'ok', now, renew_ttl()}
end
-- Redis has evicted its \`meta\` alone.
if redis.call('EXISTS', unpack(KEYS, 1, 6)) > 0 then return {'taken', now} end
local records, given, is_layout_2 = new_records(7, function() end)
if not records then return {'duplicate', now, given} end
push(records)
create_session(ARGV[3], is_layout_2 and '2' or '1')
if ARGV[5] ~= '' then
  own_ttl = ARGV[5]
  redis.call('HSET', meta, 'ttl', own_ttl)
end
if ARGV[6] ~= '' then redis.call('HSET', meta, 'metadata', '1:' .. ARGV[6]) end
for id, n in pairs(given) do redis.call('HSET', meta, 'id:' .. id, n) end
${branch("ARGV[4] ~= ''", lua`push_terms(0, ARGV[4], 0)`)}
return {'ok', now, renew_ttl()}
`,
);

// A reply is not larger than this, except for its last item: a larger one would keep Redis from other callers.
const REPLY_BYTES = 1024 * 1024;
// For the same reason a script looks at no more entries than this, which takes some 10 ms.
const MAX_LOOKED_AT = 10_000;

/**
 * Reads the newest items, backwards from an item or from the end: at most as many as fit a reply, and possibly none
 * if the next wanted one is further away than one script looks.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  how many at most   ARGV[4] the id that they end before, or empty
 * ARGV[5…] the kinds wanted; none: all that are roles; `*`: all
 *
 * If the oldest one found is a tool's result, the items before it are returned too, back to its call (or as far as
 * another reply goes). A record that is no item's is returned so that it can be reported; it does not count toward
 * the limit.
 *
 * Returns {'ok', now, epoch or '', whether there may be older ones (0, 1), the index that those stand before, how many
 *         are only context, index, record, …}, newest first | {'unknown', now}
 */
export const RECENT = readScript(
  lua`
local limit, start = tonumber(ARGV[3]), redis.call('LLEN', messages)
if ARGV[4] ~= '' then
  local before = index_of(ARGV[4])
  if not before or before >= start then return {'unknown', now} end
  start = before
end
local is_any_role, wanted = #ARGV == 4, ARGV[5] ~= '*' and {}
if is_any_role then wanted = {user = true, assistant = true, system = true, developer = true, tool = true} end
for i = 5, wanted and #ARGV or 0 do wanted[ARGV[i]] = true end

local reply = {'ok', now, epoch or '', 0, 0, 0}
local found, extra, looked, kind, bytes = 0, 0, 0, nil, 0
local function older_before(index)
  if reply[4] == 0 then reply[4], reply[5] = 1, index end
end
local function visit(index, record)
  if record == '0' then return true end
  -- Its role or type, or nil if it is no item's record: \`[version,"kind",time,"content"(,{…})]\`.
  local is = record:match('^%[[12],"([%w_.:-]+)",%-?%d+,"')
  -- In version 1 every item has a role.
  if is and wanted and not wanted[is] and not (is_any_role and record:byte(2) == 49) then return true end
  bytes = bytes + #record
  if bytes > ${REPLY_BYTES} and found > 0 then limit = found end
  if found >= limit then
    older_before(index + 1)
    -- Beyond the limit only the items between a result and its call are of interest.
    if kind ~= 'tool' or (wanted and not wanted.assistant) or bytes > ${2 * REPLY_BYTES} then return false end
    extra = extra + 1
  elseif is then
    found = found + 1
  end
  kind = is or kind
  reply[#reply + 1] = index
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
  if looked >= ${MAX_LOOKED_AT} and found < limit and start > 0 then
    older_before(start)
    break
  end
end
reply[6] = extra
return reply
`,
);

/**
 * Reads a page of items, forwards: at most as many as fit a reply, and at least one.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the index to begin at   ARGV[4] how many list entries to look at
 *
 * Returns {'ok', now, epoch or '', next index or -1 at the end, index, record, …}
 */
export const RANGE = readScript(
  lua`
local index, length = tonumber(ARGV[3]), redis.call('LLEN', messages)
local last, bytes = math.min(index + ARGV[4], length), 0
local reply = {'ok', now, epoch or '', -1}
while index < last and bytes < ${REPLY_BYTES} do
  for _, record in ipairs(redis.call('LRANGE', messages, index, math.min(index + 8, last) - 1)) do
    if bytes >= ${REPLY_BYTES} then break end
    bytes = bytes + #record
    if record ~= '0' then
      reply[#reply + 1] = index
      reply[#reply + 1] = record
    end
    index = index + 1
  end
end
if index < length then reply[4] = index end
return reply
`,
);

/**
 * Reads one item.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] its id
 *
 * Returns {'ok', now, epoch, index, record} | {'unknown', now}
 */
export const GET = readScript(
  lua`
local index = index_of(ARGV[3])
local record = index and redis.call('LINDEX', messages, index)
if not record or record == '0' then return {'unknown', now} end
return {'ok', now, epoch, index, record}
`,
);

/**
 * Drops one item.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] its id; empty: the newest
 *
 * Returns {'ok', now, ttl, epoch, index, record} | {'unknown', now}
 */
export const DROP = writeScript(
  lua`
local index
if ARGV[3] ~= '' then
  index = index_of(ARGV[3])
else
  index = redis.call('LLEN', messages) - 1
  while index >= 0 and redis.call('LINDEX', messages, index) == '0' do index = index - 1 end
end
local record = index and index >= 0 and redis.call('LINDEX', messages, index)
if not record or record == '0' then return {'unknown', now} end
local id = given_id(record)
if id and ARGV[3] ~= '' and id ~= ARGV[3] then return {'unknown', now} end
redis.call('HSET', meta, 'updated', now_text)
add_dropped(1)
redis.call('LSET', messages, index, '0')
set_terms(index, '0')
if id then redis.call('HDEL', meta, 'id:' .. id) end
return {'ok', now, renew_ttl(), epoch, index, record}
`,
);

/**
 * Replaces one item by a changed one, if nothing has changed it since it was read.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] its index   ARGV[4] epoch   ARGV[5] SHA-1 of the record that was read   ARGV[6] the new record
 * ARGV[7] its terms, or empty
 *
 * Returns {'ok', now, ttl} | {'changed', now}
 */
export const REPLACE = writeScript(
  lua`
local record = epoch == ARGV[4] and redis.call('LINDEX', messages, ARGV[3])
-- Done already, if the reply was lost.
if record == ARGV[6] then return {'ok', now, renew_ttl()} end
if not record or redis.sha1hex(record) ~= ARGV[5] then return {'changed', now} end
redis.call('HSET', meta, 'updated', now_text)
if ARGV[6]:sub(1, 3) == '[2,' then redis.call('HSET', meta, 'v', 2) end
redis.call('LSET', messages, ARGV[3], ARGV[6])
set_terms(ARGV[3], ARGV[7])
return {'ok', now, renew_ttl()}
`,
);

/**
 * Replaces an item and all that follow it by others, at once. An item keeps its index, and its id if it was made of
 * it, for as long as the new ones begin with the ids of the old ones.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3]  the id of the first to be replaced   ARGV[4] terms of the new items, see `push_terms`
 * ARGV[5…] two for each new item, see `new_records`; none: the conversation is truncated
 *
 * Returns {'ok', now, ttl, epoch, count, how many were replaced, index of each new one…}
 *         {'unknown', now} | {'duplicate', now, id}
 */
export const REPLACE_FROM = writeScript(
  lua`
local first, length = index_of(ARGV[3]), redis.call('LLEN', messages)
if not first or first >= length then return {'unknown', now} end
local old = {}
for index, record in ipairs(redis.call('LRANGE', messages, first, -1)) do
  if record ~= '0' then
    local id = given_id(record)
    old[#old + 1] = {index = first + index - 1, given = id, id = id or (epoch .. '-' .. (first + index - 1))}
  end
end
if not old[1] or old[1].id ~= ARGV[3] then return {'unknown', now} end
local removed = {}
for _, item in ipairs(old) do removed[item.id] = true end
-- New items in order, each with the id of the old one at its position, take its entry of the list.
local kept = 0
local function id_of(n) local header = ARGV[5 + 2 * n]; return header and header:match('^%d[^ ]+ %-?%d* (.+)$') end
while old[kept + 1] and id_of(kept) == old[kept + 1].id do kept = kept + 1 end
local records, given, is_layout_2 = new_records(5, function(id) return not removed[id] and index_of(id) end)
if not records then return {'duplicate', now, given} end

local reply, appended = {'ok', now, 0, epoch, 0, #old}, {}
for n = kept + 1, #records do appended[#appended + 1] = records[n] end
if #appended > 0 then
  length = push(appended)
  ${branch("ARGV[4] ~= ''", lua`push_terms(length - #appended, ARGV[4], kept)`)}
end
redis.call('HSET', meta, 'updated', now_text)
if is_layout_2 then redis.call('HSET', meta, 'v', 2) end
for n, item in ipairs(old) do
  redis.call('LSET', messages, item.index, n <= kept and records[n] or '0')
  set_terms(item.index, n <= kept and '' or '0')
  if item.given and n > kept then redis.call('HDEL', meta, 'id:' .. item.given) end
end
if #old > kept then add_dropped(#old - kept) end
for n = 1, #records do
  reply[6 + n] = n <= kept and old[n].index or length - #records + n - 1
end
for id, n in pairs(given) do
  if n >= kept then redis.call('HSET', meta, 'id:' .. id, reply[7 + n]) end
end
reply[3], reply[5] = renew_ttl(), count_items()
return reply
`,
);

/**
 * Ends the running turn, if there is one, and deletes the session. It does not read what the head of the other scripts
 * does, so that a damaged session can be deleted too.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns {'ok', now, 1 if there was one}
 */
export const CLEAR = script(
  CLOCK,
  lua`
if ARGV[1] ~= '' and now > tonumber(ARGV[1]) then return {'late', now} end
local layout = redis.pcall('HGET', KEYS[2], 'v')
if type(layout) == 'string' and layout ~= '1' and layout ~= '2' then return {'newer', now, layout} end
local removed = redis.call('UNLINK', unpack(KEYS))
redis.pcall('PUBLISH', KEYS[5], '')
return {'ok', now, removed > 0 and 1 or 0}
`,
);

/**
 * Sets fields of a session for good.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3…] pairs of field and value: `ttl` (ms), `title`
 *
 * Returns {'ok', now, ttl} | {'unknown', now}
 */
export const UPDATE = writeScript(
  lua`
if redis.call('EXISTS', meta) == 0 then return {'unknown', now} end
redis.call('HSET', meta, unpack(ARGV, 3))
own_ttl = redis.call('HGET', meta, 'ttl')
return {'ok', now, renew_ttl()}
`,
);

/**
 * Sets a session's metadata, stored as `<version>:<JSON>`. Creates the session if there is none.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch, if the session is new   ARGV[4] JSON
 * ARGV[5] the version that it must have (0: none is set); empty: any
 *
 * Returns {'ok', now, ttl, epoch, version} | {'changed', now, version}
 */
export const SET_METADATA = writeScript(
  lua`
local version = tonumber((redis.call('HGET', meta, 'metadata') or ''):match('^(%d+):') or 0)
if ARGV[5] ~= '' and version ~= tonumber(ARGV[5]) then return {'changed', now, version} end
version = version + 1
redis.call('HSET', meta, 'metadata', version .. ':' .. ARGV[4], 'updated', now_text)
if not epoch then create_session(ARGV[3], '1') end
return {'ok', now, renew_ttl(), epoch, version}
`,
);

/**
 * Reads what is known of a session.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns what `session_info` does
 */
export const INFO = readScript(lua`return session_info()`);
