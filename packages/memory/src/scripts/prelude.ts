import { lua } from "../redis/script.ts";

/**
 * Begins every script on a session.
 *
 * KEYS      the session's five, in the order of `SessionKeys.all`
 * ARGV[1]   the deadline in Redis' time, ms since the epoch; past it the script does nothing: a command that
 *           was held up must not act after its caller has given up. Empty: none.
 * ARGV[2]   the TTL in ms for a session that has none of its own
 *
 * Returns   {status, now, …}; `late` when the deadline has passed; {'newer', now, layout} for a session of a later
 *           layout version, which is not touched.
 *
 * Scripts write first what a full Redis refuses (RPUSH, HSET, APPEND): the refusal comes before any change.
 */
const BEGINNING = lua`
local messages, meta, turns, idempotency, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' and now > tonumber(ARGV[1]) then return {'late', now} end
local function is_newer(layout) return layout and layout ~= '1' end
`;

const FUNCTIONS = lua`
-- Renews the life of all of the session's keys; returns it in ms. \`own\`: the session's own TTL, where it is
-- known already (false: it has none).
local function renew_ttl(own)
  if own == nil then own = redis.call('HGET', meta, 'ttl') end
  local ttl = own or ARGV[2]
  redis.call('PEXPIRE', messages, ttl)
  redis.call('PEXPIRE', meta, ttl)
  -- The others are there only where a turn is or was.
  if redis.call('PEXPIRE', turns, ttl) == 1 then
    redis.call('PEXPIRE', idempotency, ttl)
    redis.call('PEXPIRE', log, ttl)
  end
  return tonumber(ttl)
end

-- Messages now in the session: dropped ones stay in the list as 0, so that none changes its index.
local function count_messages()
  return redis.call('LLEN', messages) - (redis.call('HGET', meta, 'dropped') or 0)
end

-- Where a message stands by its id, or nil. Ids given by callers are indexed, others are '<epoch>-<index>'.
local function index_of(id, epoch)
  local known = redis.call('HGET', meta, 'id:' .. id)
  if known then return tonumber(known) end
  if epoch and id:sub(1, #epoch + 1) == epoch .. '-' then
    local digits = id:sub(#epoch + 2)
    if #digits <= 15 and (digits == '0' or digits:match('^[1-9]%d*$')) then return tonumber(digits) end
  end
end
`;

export const PRELUDE = lua`${BEGINNING}
local layout = redis.call('HGET', meta, 'v')
if is_newer(layout) then return {'newer', now, layout} end
${FUNCTIONS}`;

/** The same for a script that asks for the layout version together with what else it needs of `meta`. */
export const PRELUDE_WITHOUT_LAYOUT = BEGINNING + FUNCTIONS;

/**
 * For scripts that may meet a running turn. A turn's record is
 * `[1,"status",user,answer,started,ended,info(,text)]`: indexes of its messages (-1: none), times in ms, what
 * the caller told of it (JSON), and the text of an answer that a retry has replaced.
 */
export const TURN_PRELUDE = lua`
-- Wakes who follows the turn. Only a hint: a user that may not publish can write all the same.
local function notify() redis.pcall('PUBLISH', log, '') end

-- Ends the running turn: its text so far becomes a message, its record (if nobody has deleted it) is closed.
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

-- The running turn's id. One whose server has let its lease run out is ended here, as interrupted.
-- \`turn\`, \`lease\`: as they stand in \`meta\`.
local function expire_if_lease_ended(turn, lease)
  if not turn then return nil end
  if now <= tonumber(lease) then return turn end
  end_turn(turn, 'interrupted', '', '')
  renew_ttl()
end
local function running_turn() return expire_if_lease_ended(unpack(redis.call('HMGET', meta, 'turn', 'lease'))) end

-- The same for who only reads: where nothing can be written, as on a full Redis, a dead one stays as it is.
local function running_turn_if_writable()
  local turn = redis.call('HMGET', meta, 'turn', 'lease')
  local ended, still = pcall(expire_if_lease_ended, turn[1], turn[2])
  if ended then return still end
  return turn[1]
end

-- What became of a turn that is not running (any more).
local function turn_status(id)
  local record = redis.call('HGET', turns, id)
  return {'ended', now, record and record:match('^%[1,"(%a+)"') or 'gone', count_messages()}
end
`;

/** For scripts that run a turn anew, or tell what that would be. */
export const RETRY_PRELUDE = lua`
-- The index of the message that a retry of a turn answers, that of its former answer (-1: none is shown) and its
-- record; or nil and why it is refused.
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
--  running turn, root, parent, the parent's message that it left before}, '' for what it does not have
-- {'unknown', now}
local function session_info()
  local turn = running_turn_if_writable() or ''
  local left = redis.call('PTTL', meta)
  if left == -2 then return {'unknown', now} end
  local m = redis.call('HMGET', meta, 'ttl', 'epoch', 'created', 'updated', 'title', 'root', 'parent', 'before')
  return {'ok', now, left, tonumber(m[1] or ARGV[2]), count_messages(), m[2], m[3], m[4], m[5] or '', turn,
    m[6] or '', m[7] or '', m[8] or ''}
end
`;

/** For scripts that return what a context needs. */
export const HISTORY_PRELUDE = lua`
-- Adds to a reply: the remembered start of this window or -1, the index of the first message returned, and the
-- newest messages up to \`last\`: as many as fit the budget of bytes, at least one, none from before that start.
-- Backwards, until the budget is spent: what it costs depends on the window, not on the history's length.
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
