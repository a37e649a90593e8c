import { lua } from "../redis/script.ts";

/**
 * Begins every script on a session.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
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
local messages, meta, turns, idempotency, log, blobs = unpack(KEYS, 1, 6)
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
  -- These exist only if there is or was a turn.
  if redis.call('PEXPIRE', turns, ttl) == 1 then
    redis.call('PEXPIRE', idempotency, ttl)
    redis.call('PEXPIRE', log, ttl)
  end
  redis.call('PEXPIRE', blobs, ttl)
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

-- The id that a caller gave to the item of a record, and the turn that wrote it, in a table.
local function extras_of(record)
  if record:sub(-2) ~= '}]' then return {} end
  local readable, decoded = pcall(cjson.decode, record)
  local extras = readable and type(decoded) == 'table' and type(decoded[5]) == 'table' and decoded[5] or {}
  return {id = type(extras.id) == 'string' and extras.id or nil, turn = extras.turn}
end

-- Takes a turn's record apart: \`[version,"status",user,answer,started,ended(,inputs,outputs),info(,replaced)]\`.
-- \`user\` is the index of its last input item, \`answer\` that of its first output item (-1: none); times are in ms.
-- Version 2 has the numbers of input and output items; in version 1 there is one of each (or no output). \`rest\` is
-- what the caller stored with it (JSON), and what a retry has replaced.
local function parse_turn(record)
  local version, status, user, answer, started, ended, rest =
    record:match('^%[([12]),"(%a+)",(%d+),(%-?%d+),(%d+),(%d+),(.*)%]$')
  if not status then error("bad argument for the record of a turn") end
  local inputs, outputs = 1, answer == '-1' and 0 or 1
  if version == '2' then inputs, outputs, rest = rest:match('^(%d+),(%d+),(.*)$') end
  return {status = status, user = tonumber(user), answer = tonumber(answer), started = started, ended = ended,
    inputs = tonumber(inputs), outputs = tonumber(outputs), rest = rest}
end

-- The index behind the last item of a turn, or nil if there is no such turn.
local function end_of_turn(id)
  local record = redis.call('HGET', turns, id)
  if not record then return nil end
  local turn = parse_turn(record)
  return turn.answer < 0 and turn.user + 1 or turn.answer + turn.outputs
end

local function format_turn(turn)
  local counts = ''
  if turn.inputs ~= 1 or turn.outputs > 1 then counts = turn.inputs .. ',' .. turn.outputs .. ',' end
  return '[' .. (counts == '' and 1 or 2) .. ',"' .. turn.status .. '",' .. turn.user .. ',' .. turn.answer .. ',' ..
    turn.started .. ',' .. turn.ended .. ',' .. counts .. turn.rest .. ']'
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
 * For scripts that may meet a running turn. Its output is in the log: text, and marks that begin with U+FDD0 and end
 * with a line feed (see turn-log.ts). The members are those of the object at the end of an item's record.
 *
 *   U+FDD0 + kind members LF   begins an item: what follows is its content
 *   U+FDD0 . members LF        finishes it
 *   U+FDD0 LF                  is the character U+FDD0 itself
 *
 * Text before the first item is that of an assistant's message.
 */
export const TURN_PRELUDE = lua`
-- Notifies followers of the turn. They also poll, so a Redis user that may not publish can write all the same.
local function notify() redis.pcall('PUBLISH', log, '') end

-- The records of the items that a log holds.
local function records_of(id, text)
  local mark, turn, records = '\\239\\183\\144', '{"turn":"' .. id .. '"', {}
  local kind, members, pieces, from = nil, '', {}, 1
  local function close()
    local content = table.concat(pieces)
    if not kind and content == '' then return end
    records[#records + 1] = (kind and '[2,"' .. kind or '[1,"assistant') .. '",' .. now .. ',' ..
      cjson.encode(content) .. ',' .. turn .. members .. '}]'
  end
  while true do
    local at = text:find(mark, from, true)
    pieces[#pieces + 1] = text:sub(from, (at or 0) - 1)
    if not at then break end
    local stop = text:find('\\n', at, true)
    local sign, line = text:sub(at + 3, at + 3), text:sub(at + 4, stop - 1)
    if sign == '+' then
      close()
      pieces, kind, members = {}, line:match('^([^ ]+)(.*)$')
      members = members:gsub('^ ', ',')
    elseif sign == '.' then
      if line ~= '' then members = members .. ',' .. line end
    else
      pieces[#pieces + 1] = mark
    end
    from = stop + 1
  end
  close()
  return records
end

-- Ends the running turn: its output becomes items, and its record (unless it was deleted) is closed.
-- \`output\`: records to store instead of what the log holds, which stays to be followed until the next turn begins.
local function end_turn(id, status, rest, info, output)
  local readable, turn = pcall(parse_turn, redis.call('HGET', turns, id) or '')
  if not readable then turn = nil end
  local is_kept = output and true or false
  output = output or records_of(id, (redis.call('GET', log) or '') .. rest)
  local known, ids, is_layout_2 = nil, {}, false
  for n, item in ipairs(output) do
    if item:byte(2) == 50 then is_layout_2 = true end
    local given = extras_of(item).id
    if given then
      known = known or redis.call('HGET', meta, 'epoch')
      -- An id that is in use is not given twice.
      if ids[given] or index_of(given, known) then
        output[n] = item:sub(1, -3) .. ',"id":null}]'
      else
        ids[given] = n
      end
    end
  end
  local answer = -1
  if #output > 0 then answer = redis.call('RPUSH', messages, unpack(output)) - #output end
  if turn then
    turn.status, turn.answer, turn.ended, turn.outputs = status, answer, now, #output
    if info ~= '' then turn.rest = info end
    redis.call('HSET', turns, id, format_turn(turn))
  end
  redis.call('HSET', meta, 'updated', now)
  if is_layout_2 or #output > 1 then redis.call('HSET', meta, 'v', 2) end
  for given, n in pairs(ids) do redis.call('HSET', meta, 'id:' .. given, answer + n - 1) end
  redis.call('HDEL', meta, 'turn', 'lease')
  if is_kept then
    if rest ~= '' then redis.call('APPEND', log, rest) end
    redis.call('HSET', meta, 'logged', id)
  else
    redis.call('DEL', log)
  end
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
  return {'ended', now, record and record:match('^%[[12],"(%a+)"') or 'gone', count_items()}
end
`;

/** For scripts that retry a turn, or say whether that is possible. */
export const RETRY_PRELUDE = lua`
-- Returns the turn to be retried, and in \`shown\` the indexes of its output items that are still there; or nil and why
-- the retry is refused.
local function find_retry(id)
  local record = redis.call('HGET', turns, id)
  if not record then return nil, 'unknown' end
  local turn = parse_turn(record)
  if turn.status == 'completed' then return nil, 'completed' end
  local tail, shown = redis.call('LLEN', messages) - 1, {}
  while tail > turn.user do
    local is_output = turn.answer >= 0 and tail >= turn.answer and tail < turn.answer + turn.outputs
    local is_there = redis.call('LINDEX', messages, tail) ~= '0'
    if is_there and not is_output then break end
    if is_there then table.insert(shown, 1, tail) end
    tail = tail - 1
  end
  if tail ~= turn.user or redis.call('LINDEX', messages, tail) == '0' then return nil, 'not_last' end
  turn.shown = shown
  return turn
end

-- Moves the output that a retry replaces from the conversation to the turn's record: the text of one plain message,
-- or the records of all items.
local function replace_output(id, turn)
  if #turn.shown == 0 then return end
  local records = {}
  for n, index in ipairs(turn.shown) do
    records[n] = redis.call('LINDEX', messages, index)
  end
  local replaced = '[' .. table.concat(records, ',') .. ']'
  if #records == 1 and records[1]:byte(2) == 49 then replaced = cjson.encode(cjson.decode(records[1])[4]) end
  turn.rest = turn.rest .. ',' .. replaced
  redis.call('HSET', turns, id, format_turn(turn))
  for n, index in ipairs(turn.shown) do
    local given = extras_of(records[n]).id
    if given then redis.call('HDEL', meta, 'id:' .. given) end
    redis.call('LSET', messages, index, '0')
  end
  redis.call('HINCRBY', meta, 'dropped', #turn.shown)
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
