import { lua, script } from "../../redis/script.ts";
import { APPEND_PRELUDE, PRELUDE, TURN_PRELUDE } from "../../scripts/prelude.ts";

/**
 * Replaces the last items of a session by others, if they are still what the caller has read, once for each operation.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch, if the session is new
 * ARGV[4] the operation's id   ARGV[5] a digest of the transaction
 * ARGV[6] index of the first item to be replaced, or empty: none is
 * ARGV[7] SHA-1 of the records from there on, joined by line feeds, without dropped ones at the end
 * ARGV[8…] two for each new item, see `new_records`
 *
 * Returns {'ok', now, ttl, epoch} | {'replay', now}: it was applied before
 *         {'mismatch', now}: another transaction had this operation's id | {'changed', now} | {'duplicate', now, id}
 */
export const TRANSACT = script(
  PRELUDE,
  TURN_PRELUDE,
  APPEND_PRELUDE,
  lua`
running_turn()
local known = redis.call('HMGET', meta, 'epoch', 'op:' .. ARGV[4])
local epoch = known[1]
if known[2] then return {known[2] == ARGV[5] and 'replay' or 'mismatch', now} end
local old = ARGV[6] == '' and {} or redis.call('LRANGE', messages, ARGV[6], -1)
while old[#old] == '0' do old[#old] = nil end
if ARGV[6] ~= '' and redis.sha1hex(table.concat(old, '\\n')) ~= ARGV[7] then return {'changed', now} end
local removed = {}
for _, record in ipairs(old) do
  local id = record ~= '0' and extras_of(record).id
  if id then removed[id] = true end
end
local records, given, is_layout_2 = new_records(8, function(id) return removed[id] or not index_of(id, epoch) end)
if not records then return {'duplicate', now, given} end
local first = redis.call('LLEN', messages)
if #records > 0 then push(records) end
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', meta, 'v', '1', 'epoch', epoch, 'created', now)
end
redis.call('HSET', meta, 'updated', now, 'op:' .. ARGV[4], ARGV[5])
if is_layout_2 then redis.call('HSET', meta, 'v', '2') end
local dropped = 0
for n, record in ipairs(old) do
  if record ~= '0' then
    redis.call('LSET', messages, ARGV[6] + n - 1, '0')
    dropped = dropped + 1
  end
end
if dropped > 0 then redis.call('HINCRBY', meta, 'dropped', dropped) end
for id in pairs(removed) do redis.call('HDEL', meta, 'id:' .. id) end
for id, n in pairs(given) do redis.call('HSET', meta, 'id:' .. id, first + n) end
return {'ok', now, renew_ttl(), epoch}
`,
);
