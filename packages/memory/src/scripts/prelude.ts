import { lua } from "../redis/script.ts";

/**
 * Begins every script on a session.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log
 * ARGV[1] deadline in Redis' time, ms since the Unix epoch; empty: none
 * ARGV[2] TTL in ms of a session that has none of its own
 *
 * Returns {status, now, …}. Every script may also return
 *         {'late', now}: the deadline has passed and nothing was done, because the caller has given up
 *         {'newer', now, layout}: a newer version of this library wrote the session, which was left unchanged
 *
 * A full Redis refuses RPUSH, HSET and APPEND. Scripts call these first, so that a refusal changes nothing.
 */
const START = lua`
local messages, meta, turns, idempotency, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and now > tonumber(ARGV[1]) then return {'late', now} end
local function is_newer(layout) return layout and layout ~= '1' and layout ~= '2' end
`;

const FUNCTIONS = lua`
-- Renews the TTL of all of the session's keys and returns it in ms. \`own\`: the session's own TTL, if it is known
-- already (false: it has none).
local function renew_ttl(own)
  if own == nil then own = redis.call('HGET', meta, 'ttl') end
  local ttl = own or ARGV[2]
  redis.call('PEXPIRE', messages, ttl)
  redis.call('PEXPIRE', meta, ttl)
  -- The others exist only if there is or was a turn.
  if redis.call('PEXPIRE', turns, ttl) == 1 then
    redis.call('PEXPIRE', idempotency, ttl)
    redis.call('PEXPIRE', log, ttl)
  end
  return tonumber(ttl)
end

-- Items in the session. A dropped item stays in the list as 0, so that no index changes.
local function count_items()
  return redis.call('LLEN', messages) - (redis.call('HGET', meta, 'dropped') or 0)
end

-- The index of an item by its id, or nil. Ids given by callers are stored; all others are '<epoch>-<index>'.
local function index_of(id, epoch)
  local known = redis.call('HGET', meta, 'id:' .. id)
  if known then return tonumber(known) end
  if epoch and id:sub(1, #epoch + 1) == epoch .. '-' then
    local digits = id:sub(#epoch + 2)
    if #digits <= 15 and (digits == '0' or digits:match('^[1-9]%d*$')) then return tonumber(digits) end
  end
end

-- The role or type of a record, or nil if it is no item's: \`[version,"kind",time,"content"(,{…})]\`.
local function kind_of(record) return record:match('^%[[12],"([%w_.:-]+)",%-?%d+,"') end

-- The object at the end of a record, as a table.
local function extras_of(record)
  if record:sub(-2) ~= '}]' then return {} end
  local readable, decoded = pcall(cjson.decode, record)
  return readable and type(decoded) == 'table' and type(decoded[5]) == 'table' and decoded[5] or {}
end
`;

export const PRELUDE = lua`${START}
local layout = redis.call('HGET', meta, 'v')
if is_newer(layout) then return {'newer', now, layout} end
${FUNCTIONS}`;

/** The same for a script that reads the layout version together with other fields of `meta`. */
export const PRELUDE_WITHOUT_LAYOUT = START + FUNCTIONS;

/** For scripts that append items. */
export const APPEND_PRELUDE = lua`
-- Takes ARGV[from…] apart, two for each item: \`kind\`, or \`version kind time id\` without the first space, where time
-- and id may be empty; and what follows the time in the record, \`"content"(,{…})]\`. That one can be long and is
-- copied as it is.
-- Returns the records; a table of the ids given, each with its offset; whether a record needs layout 2. Or nil and an
-- id that is in use: \`is_free(id)\` says whether it is not.
local function new_records(from, is_free)
  local records, given, is_layout_2 = {}, {}, false
  local at_now = tostring(now)
  for i = from, #ARGV, 2 do
    local version, kind, at = '1', ARGV[i], at_now
    if kind:find(' ', 1, true) then
      local created, id
      version, kind, created, id = kind:match('^(%d)([^ ]+) (%-?%d*) ?(.*)$')
      if version == '2' then is_layout_2 = true end
      if created ~= '' then at = created end
      if id ~= '' then
        if given[id] or not is_free(id) then return nil, id end
        given[id] = #records
      end
    end
    records[#records + 1] = '[' .. version .. ',"' .. kind .. '",' .. at .. ',' .. ARGV[i + 1]
  end
  return records, given, is_layout_2
end

-- Appends records. Returns the length of the list.
local function push(records)
  local length
  for i = 1, #records, 1000 do
    length = redis.call('RPUSH', messages, unpack(records, i, math.min(i + 999, #records)))
  end
  return length
end
`;

/**
 * For scripts that may meet a running turn. A turn's record is `[1,"status",user,answer,started,ended,info(,text)]`:
 * indexes of its messages (-1: none), times in ms, what the caller stored with it (JSON), and the text of an answer
 * that a retry has replaced.
 */
export const TURN_PRELUDE = lua`
-- Notifies followers of the turn. They also poll, so a Redis user that may not publish can write all the same.
local function notify() redis.pcall('PUBLISH', log, '') end

-- Ends the running turn: its text becomes a message, and its record (unless it was deleted) is closed.
local function end_turn(id, status, rest, info)
  local record = redis.call('HGET', turns, id) or ''
  local user, started, former = record:match('^%[1,"%a+",(%d+),%-?%d+,(%d+),%d+,(.*)%]$')
  local text = (redis.call('GET', log) or '') .. rest
  local answer = -1
  if text ~= '' then
    answer = redis.call('RPUSH', messages,
      '[1,"assistant",' .. now .. ',' .. cjson.encode(text) .. ',{"turn":"' .. id .. '"}]') - 1
  end
  if user then
    redis.call('HSET', turns, id, '[1,"' .. status .. '",' .. user .. ',' .. answer .. ',' .. started .. ',' ..
      now .. ',' .. (info ~= '' and info or former) .. ']')
  end
  redis.call('HSET', meta, 'updated', now)
  redis.call('HDEL', meta, 'turn', 'lease')
  redis.call('DEL', log)
  notify()
end

-- Returns the running turn's id. A turn whose lease has expired is ended as interrupted.
-- \`turn\`, \`lease\`: the fields of \`meta\`.
local function expire_if_lease_ended(turn, lease)
  if not turn then return nil end
  if now <= tonumber(lease) then return turn end
  end_turn(turn, 'interrupted', '', '')
  renew_ttl()
end
local function running_turn() return expire_if_lease_ended(unpack(redis.call('HMGET', meta, 'turn', 'lease'))) end

-- For read-only scripts: if Redis is full, an expired turn is left unchanged.
local function running_turn_if_writable()
  local turn = redis.call('HMGET', meta, 'turn', 'lease')
  local ended, running = pcall(expire_if_lease_ended, turn[1], turn[2])
  if ended then return running end
  return turn[1]
end

-- The reply for a turn that is not running (any more).
local function turn_status(id)
  local record = redis.call('HGET', turns, id)
  return {'ended', now, record and record:match('^%[1,"(%a+)"') or 'gone', count_items()}
end
`;

/** For scripts that retry a turn, or say whether that is possible. */
export const RETRY_PRELUDE = lua`
-- Returns the index of the message that a retry of a turn answers, that of its former answer (-1: none is there) and
-- the turn's record; or nil and why the retry is refused.
local function find_retry(id)
  local record = redis.call('HGET', turns, id)
  if not record then return nil, 'unknown' end
  local status, user, answer = record:match('^%[1,"(%a+)",(%d+),(%-?%d+)')
  if status == 'completed' then return nil, 'completed' end
  user, answer = tonumber(user), tonumber(answer)
  local tail = redis.call('LLEN', messages) - 1
  while tail > user and (tail == answer or redis.call('LINDEX', messages, tail) == '0') do tail = tail - 1 end
  if tail ~= user or redis.call('LINDEX', messages, user) == '0' then return nil, 'not_last' end
  if answer >= 0 and redis.call('LINDEX', messages, answer) == '0' then answer = -1 end
  return user, answer, record
end
`;

/** For scripts that return what is known of a session. */
export const INFO_PRELUDE = lua`
-- {'ok', now, TTL left in ms, the TTL that it is renewed to in ms, count, epoch, created, updated, title,
--  running turn, root, parent, the parent's message that it was forked before, metadata}, '' for what it does not have
-- {'unknown', now}
local function session_info()
  local turn = running_turn_if_writable() or ''
  local left = redis.call('PTTL', meta)
  if left == -2 then return {'unknown', now} end
  local m = redis.call('HMGET', meta,
    'ttl', 'epoch', 'created', 'updated', 'title', 'root', 'parent', 'before', 'metadata')
  return {'ok', now, left, tonumber(m[1] or ARGV[2]), count_items(), m[2], m[3], m[4], m[5] or '', turn,
    m[6] or '', m[7] or '', m[8] or '', m[9] or ''}
end
`;

/** For scripts that return the history that a context needs. */
export const HISTORY_PRELUDE = lua`
-- Adds to a reply: the remembered start of this window or -1, the index of the first item returned, and the newest
-- items up to \`last\`: as many as fit the budget of bytes, at least one, none from before that start. Reads backwards
-- until the budget is spent, so the cost depends on the window, not on the history's length.
local function add_history(reply, last, budget, window)
  local start, floor, remembered = last + 1, 0, -1
  local context = redis.call('HGET', meta, 'context')
  local of, from = (context or ''):match('^(.*):(%d+)$')
  if of == window then
    remembered = tonumber(from)
    floor = math.min(remembered, last)
  end
  local found, bytes = {}, 0
  local step = budget > 0 and 64 or 1
  while start > floor and (#found == 0 or bytes < budget) do
    local low = math.max(floor, start - step)
    local chunk = redis.call('LRANGE', messages, low, start - 1)
    for i = #chunk, 1, -1 do
      bytes = bytes + #chunk[i]
      if #found > 0 and bytes > budget then break end
      found[#found + 1] = chunk[i]
      start = start - 1
    end
  end
  reply[#reply + 1] = remembered
  reply[#reply + 1] = start
  for i = #found, 1, -1 do reply[#reply + 1] = found[i] end
  return reply
end
`;
