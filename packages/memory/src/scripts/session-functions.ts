import { lua } from "../redis/script.ts";

/**
 * Lua functions that the scripts on sessions share, see `sessionScript`. They use the names that its head declares, and
 * functions above them. Blank lines stand only between them.
 */
export const SESSION_FUNCTIONS = lua`
-- Renews the TTL of all of the session's keys and returns it in ms.
local function renew_ttl()
  local ttl = own_ttl or ARGV[2]
  redis.call('PEXPIRE', messages, ttl)
  redis.call('PEXPIRE', meta, ttl)
  -- These exist only if there is or was a turn.
  if redis.call('PEXPIRE', turns, ttl) == 1 then
    redis.call('PEXPIRE', idempotency, ttl)
    redis.call('PEXPIRE', log, ttl)
  end
  -- A session of layout 1 has none of these.
  if layout ~= '1' then
    redis.call('PEXPIRE', blobs, ttl)
    redis.call('PEXPIRE', words, ttl)
    redis.call('PEXPIRE', vectors, ttl)
    redis.call('PEXPIRE', summary, ttl)
  end
  return tonumber(ttl)
end

-- Makes the session's \`meta\`. Terms, vectors and summaries that are there are left from a session of the same name: Redis has evicted
-- its \`meta\`, or a version of this library that does not know these keys has cleared it.
local function create_session(its_epoch, its_layout)
  epoch, layout = its_epoch, its_layout
  redis.call('HSET', meta, 'v', layout, 'epoch', epoch, 'created', now_text, 'updated', now_text)
  redis.call('DEL', words, vectors, summary)
end

-- Items in the session. A dropped item stays in the list as 0, so that no index changes.
local function count_items() return redis.call('LLEN', messages) - (dropped or 0) end

local function add_dropped(number) dropped = redis.call('HINCRBY', meta, 'dropped', number) end

-- The index of an item by its id, or nil. Ids given by callers are stored; all others are '<epoch>-<index>'.
local function index_of(id)
  local known = redis.call('HGET', meta, 'id:' .. id)
  if known then return tonumber(known) end
  if epoch and id:sub(1, #epoch + 1) == epoch .. '-' then
    local digits = id:sub(#epoch + 2)
    if #digits <= 15 and (digits == '0' or digits:match('^[1-9]%d*$')) then return tonumber(digits) end
  end
end

-- The id that a caller gave to the item of a record, or nil.
local function given_id(record)
  -- Quotes in the content are escaped, so most records need not be decoded.
  if not record:find('"id":"', 1, true) then return nil end
  local readable, decoded = pcall(cjson.decode, record)
  local extras = readable and type(decoded) == 'table' and decoded[5]
  return type(extras) == 'table' and type(extras.id) == 'string' and extras.id or nil
end

-- Forgets the vector of the turn that an item belongs to, if it has one: the item has changed. The entry of an item that
-- is not the turn's first is how many items before it that one stands.
local function forget_vector(index)
  local entry = redis.pcall('LINDEX', vectors, index)
  if not entry or entry.err or entry == '' then return end
  local first = math.max(0, index - (#entry < 5 and tonumber(entry) or 0))
  if redis.call('LINDEX', vectors, first) == '' then return end
  redis.call('LSET', vectors, first, '')
  redis.call('HINCRBY', meta, 'revectored', 1)
end

-- Gives the summaries the TTL that the session has left.
local function expire_summary()
  local left = redis.call('PTTL', meta)
  if left > 0 then redis.call('PEXPIRE', summary, left) end
end

-- Removes all summaries if the last one covers an item, and the claim of a job whose summary is to cover it: the item
-- has changed.
local function forget_summary(index)
  local fields = redis.pcall('HMGET', summary, 'to', 'upto')
  if fields.err then return end
  local at, to, upto = tonumber(index), tonumber(fields[1] or 0), tonumber(fields[2] or 0)
  if at >= math.max(to, upto) then return end
  if at < to then redis.call('DEL', summary) else redis.call('HDEL', summary, 'job', 'upto', 'until') end
  redis.call('HSET', summary, 'epoch', epoch, 'refused', 'changed')
  expire_summary()
end

-- Sets the entry of an item, if it has one: '0' if the item was dropped, '' if its terms are not known. \`reworded\`
-- counts these changes, so that a process knows whether the entries that it has read are still the same.
local function set_terms(index, entry)
  if layout == '1' then return end
  forget_vector(index)
  forget_summary(index)
  if not redis.pcall('LSET', words, index, entry).err then redis.call('HINCRBY', meta, 'reworded', 1) end
end

-- Removes the items from one index up to another, which is excluded.
local function remove_items(first, last)
  if first >= last then return end
  local removed = 0
  for n, record in ipairs(redis.call('LRANGE', messages, first, last - 1)) do
    if record ~= '0' then
      local given = given_id(record)
      if given then redis.call('HDEL', meta, 'id:' .. given) end
      redis.call('LSET', messages, first + n - 1, '0')
      set_terms(first + n - 1, '0')
      removed = removed + 1
    end
  end
  if removed > 0 then add_dropped(removed) end
end

-- Takes ARGV[from…] apart, two for each item: \`kind\`, or \`version kind time id\` without the first space, where time
-- and id may be empty; and what follows the time in the record, \`"content"(,{…})]\`. That one can be long and is
-- copied as it is.
-- Returns the records; a table of the ids given, each with its offset; whether a record needs layout 2. Or nil and an
-- id that is in use, by \`is_used(id)\` or by an item before; without \`is_used\`, ids are not compared.
local function new_records(from, is_used)
  local records, given, is_layout_2 = {}, {}, false
  local at_now = ',' .. now_text .. ','
  for i = from, #ARGV, 2 do
    local kind = ARGV[i]
    if kind:find(' ', 1, true) then
      local version, name, created, id = kind:match('^(%d)([^ ]+) (%-?%d*) ?(.*)$')
      if version == '2' then is_layout_2 = true end
      if id ~= '' then
        if is_used and (given[id] or is_used(id)) then return nil, id end
        given[id] = #records
      end
      local time_of = created == '' and at_now or ',' .. created .. ','
      records[#records + 1] = '[' .. version .. ',"' .. name .. '"' .. time_of .. ARGV[i + 1]
    else
      records[#records + 1] = '[1,"' .. kind .. '"' .. at_now .. ARGV[i + 1]
    end
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

-- Adds the terms of new items, which begin at \`first\`. \`terms\`: an entry for each, with spaces between, of which some
-- are skipped. They are added only behind those of all earlier items; a search adds the missing ones.
local function push_terms(first, terms, skipped)
  local known = redis.pcall('LLEN', words)
  -- A key of another type: a search reports it.
  if type(known) == 'table' then return end
  if known > first then
    -- Of a session that is gone: a version of this library that does not know the key has cleared it.
    redis.call('DEL', words, vectors)
    known = 0
  end
  if known < first then return end
  local entries = {}
  for entry in terms:gmatch('%S+') do entries[#entries + 1] = entry end
  for i = 1 + skipped, #entries, 1000 do
    redis.call('RPUSH', words, unpack(entries, i, math.min(i + 999, #entries)))
  end
  if layout ~= '2' then
    layout = '2'
    redis.call('HSET', meta, 'v', layout)
  end
end

-- Takes a turn's record apart: \`[version,"status",user,answer,started,ended(,inputs,outputs),info(,replaced)]\`.
-- \`user\` is the index of its last input item, \`answer\` that of its first output item (-1: none); times are in ms.
-- Version 2 has the numbers of input and output items; in version 1 there is one of each (or no output). \`rest\` is
-- what the caller stored with it (JSON), and what a retry has replaced.
local function parse_turn(record)
  local version, status, user, answer, started, ended, rest =
    record:match('^%[([12]),"(%a+)",(%d+),(%-?%d+),(%-?%d+),(%-?%d+),(.*)%]$')
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
  local version, counts = '1', ''
  if turn.inputs ~= 1 or turn.outputs > 1 then version, counts = '2', turn.inputs .. ',' .. turn.outputs .. ',' end
  return ('[%s,"%s",%d,%d,%s,%s,%s'):format(version, turn.status, turn.user, turn.answer, turn.started, turn.ended,
    counts) .. turn.rest .. ']'
end

-- Replaces what the caller stored with a turn. \`info\`: JSON.
local function set_info(id, info)
  local turn = parse_turn(redis.call('HGET', turns, id))
  turn.rest = info
  redis.call('HSET', turns, id, format_turn(turn))
end

-- The records of the items that a turn's log holds: text, and marks that begin with U+FDD0 and end with a line feed
-- (see turn-log.ts). The members are those of the object at the end of an item's record.
--   U+FDD0 + kind members LF   begins an item: what follows is its content
--   U+FDD0 . members LF        finishes it
--   U+FDD0 LF                  is the character U+FDD0 itself
-- Text before the first item is that of an assistant's message.
local function records_of(id, text)
  local mark, turn, records = '\\239\\183\\144', '{"turn":"' .. id .. '"', {}
  local kind, members, pieces, from = nil, '', {}, 1
  local function close()
    local content = table.concat(pieces)
    if not kind and content == '' then return end
    records[#records + 1] = (kind and '[2,"' .. kind or '[1,"assistant') .. '",' .. now_text .. ',' ..
      cjson.encode(content) .. ',' .. turn .. members .. '}]'
  end
  while true do
    local start = text:find(mark, from, true)
    pieces[#pieces + 1] = text:sub(from, (start or 0) - 1)
    if not start then break end
    local stop = text:find('\\n', start, true)
    local sign, line = text:sub(start + 3, start + 3), text:sub(start + 4, stop - 1)
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

-- Finds the ids given to items of a turn's output, each with its number. One that is in use is not given twice.
local function find_given_ids(output)
  local ids = {}
  for n, item in ipairs(output) do
    local given = given_id(item)
    if given and (ids[given] or index_of(given)) then
      output[n] = item:sub(1, -3) .. ',"id":null}]'
    elseif given then
      ids[given] = n
    end
  end
  return ids
end

-- Ends the running turn: its output becomes items, and its record (unless it was deleted) is closed.
-- \`output\`: records to store instead of what the log holds, which stays to be followed until the next turn begins.
-- Returns the index of its first output item.
local function end_turn(status, rest, info, output)
  local id, is_kept, ids = current_turn, output, {}
  local readable, turn = pcall(parse_turn, redis.call('HGET', turns, id) or '')
  local text = (redis.call('GET', log) or '') .. rest
  if output or text:find('\\239\\183\\144', 1, true) then
    output = output or records_of(id, text)
    ids = find_given_ids(output)
  else
    output = {}
    if text ~= '' then
      output[1] = '[1,"assistant",' .. now_text .. ',' .. cjson.encode(text) .. ',{"turn":"' .. id .. '"}]'
    end
  end
  local answer = -1
  if #output > 0 then answer = redis.call('RPUSH', messages, unpack(output)) - #output end
  if readable then
    turn.status, turn.answer, turn.ended, turn.outputs = status, answer, now_text, #output
    if info ~= '' then turn.rest = info end
    redis.call('HSET', turns, id, format_turn(turn))
  end
  redis.call('HSET', meta, 'updated', now_text)
  if #output > 1 or (output[1] and output[1]:byte(2) == 50) then redis.call('HSET', meta, 'v', 2) end
  for given, n in pairs(ids) do redis.call('HSET', meta, 'id:' .. given, answer + n - 1) end
  redis.call('HDEL', meta, 'turn', 'lease')
  current_turn = false
  if is_kept then
    if rest ~= '' then redis.call('APPEND', log, rest) end
    redis.call('HSET', meta, 'logged', id)
  else
    redis.call('DEL', log)
  end
  -- Followers also poll, so a Redis user that may not publish can write all the same.
  redis.pcall('PUBLISH', log, '')
  return answer
end

-- The reply for a turn that is not running (any more).
local function turn_status(id)
  local record = redis.call('HGET', turns, id)
  return {'ended', now, record and record:match('^%[[12],"(%a+)"') or 'gone', count_items()}
end

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

-- The turn that these records were the input of, if it is the last one and has ended without output; or nil.
local function find_same_input(records)
  local tail, id = redis.call('LLEN', messages), nil
  -- Without the time and the turn, which are not the input's own. The turn stands before metadata that may have a field
  -- of this name.
  local function input_of(record)
    return (record:gsub('^(%[%d,"[^"]+"),%-?%d+,', '%1,'):gsub(',?"turn":"[^"]*"', '', 1))
  end
  if tail < #records then return nil end
  for n, record in ipairs(redis.call('LRANGE', messages, tail - #records, -1)) do
    if input_of(record) ~= input_of(records[n]) then return nil end
    id = record:match('"turn":"([^"]*)"')
  end
  local former = id and redis.call('HGET', turns, id)
  local turn = former and parse_turn(former)
  if turn and turn.status ~= 'completed' and turn.answer < 0 and turn.inputs == #records then return id end
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
    local given = given_id(records[n])
    if given then redis.call('HDEL', meta, 'id:' .. given) end
    redis.call('LSET', messages, index, '0')
    set_terms(index, '0')
  end
  add_dropped(#turn.shown)
end

-- {'ok', now, TTL left in ms, the TTL that it is renewed to in ms, count, epoch, created, updated, title,
--  running turn, root, parent, the parent's message that it was forked before, metadata}, '' for what it does not have
-- {'unknown', now}
local function session_info()
  local left = redis.call('PTTL', meta)
  if left == -2 then return {'unknown', now} end
  local m = redis.call('HMGET', meta, 'created', 'updated', 'title', 'root', 'parent', 'before', 'metadata')
  return {'ok', now, left, tonumber(own_ttl or ARGV[2]), count_items(), epoch, m[1], m[2], m[3] or '', current_turn or '',
    m[4] or '', m[5] or '', m[6] or '', m[7] or ''}
end

-- Adds to a reply: the remembered start of this window or -1, the index of the first item returned, and the newest
-- items up to \`last\`: as many as fit the budget of bytes, at least one that was not dropped, none from before that start.
-- Reads backwards until the budget is spent, so the cost depends on the window, not on the history's length.
-- \`context\`: the field of \`meta\`.
local function add_history(reply, last, budget, window, context)
  local start, floor, remembered = last + 1, 0, -1
  local of, from = (context or ''):match('^(.*):(%d+)$')
  if of == window then
    remembered = tonumber(from)
    floor = math.min(remembered, last)
  end
  local found, bytes, has_item = {}, 0, false
  local step = budget > 0 and 64 or 1
  while start > floor and (not has_item or bytes < budget) do
    local low = math.max(floor, start - step)
    local chunk = redis.call('LRANGE', messages, low, start - 1)
    for i = #chunk, 1, -1 do
      bytes = bytes + #chunk[i]
      if has_item and bytes > budget then break end
      has_item = has_item or chunk[i] ~= '0'
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
