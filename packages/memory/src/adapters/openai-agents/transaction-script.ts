import { lua } from "../../redis/script.ts";
import { writeScript } from "../../scripts/session-script.ts";

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
export const TRANSACT = writeScript(
  lua`
local applied = redis.call('HGET', meta, 'op:' .. ARGV[4])
if applied then return {applied == ARGV[5] and 'replay' or 'mismatch', now} end
local length = redis.call('LLEN', messages)
local first = tonumber(ARGV[6]) or length
local old = redis.call('LRANGE', messages, first, -1)
while old[#old] == '0' do old[#old] = nil end
if ARGV[6] ~= '' and redis.sha1hex(table.concat(old, '\\n')) ~= ARGV[7] then return {'changed', now} end
local records, given, is_layout_2 = new_records(8, function(id)
  local index = index_of(id)
  return index and index < first
end)
if not records then return {'duplicate', now, given} end
if #records > 0 then push(records) end
if not epoch then create_session(ARGV[3], '1') end
redis.call('HSET', meta, 'updated', now_text, 'op:' .. ARGV[4], ARGV[5])
if is_layout_2 then redis.call('HSET', meta, 'v', 2) end
remove_items(first, length)
for id, n in pairs(given) do redis.call('HSET', meta, 'id:' .. id, length + n) end
return {'ok', now, renew_ttl(), epoch}
`,
);
