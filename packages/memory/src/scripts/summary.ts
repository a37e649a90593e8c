import { lua } from "../redis/script.ts";
import { readScript, writeScript } from "./session-script.ts";

/**
 * Claims the next summary for one job. A change of an item that it is to cover takes the claim away.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the job's id   ARGV[4] the id of the first item that is not to be covered   ARGV[5] lease in ms
 * ARGV[6] how many items must have come since the last summary, or since one was refused
 *
 * Returns {'ok', now, epoch, the index that the last summary ends before, the one that this one may, the last summary or ''}
 *         {'unknown', now}: there is no such item | {'busy', now}: another job has the lease | {'recent', now}
 */
export const CLAIM_SUMMARY = writeScript(
  lua`
local upto = index_of(ARGV[4])
if not upto or upto >= redis.call('LLEN', messages) then return {'unknown', now} end
local known = redis.call('HMGET', summary, 'epoch', 'to', 'refused_at', 'job', 'until')
if known[1] and known[1] ~= epoch then
  redis.call('DEL', summary)
  known = {}
end
if known[4] and known[4] ~= ARGV[3] and now < tonumber(known[5]) then return {'busy', now} end
local to = tonumber(known[2] or 0)
if upto - math.max(to, known[3] or 0) < tonumber(ARGV[6]) then return {'recent', now} end
redis.call('HSET', summary, 'epoch', epoch, 'job', ARGV[3], 'upto', upto, 'until', ('%d'):format(now + ARGV[5]))
if layout ~= '2' then redis.call('HSET', meta, 'v', '2') end
expire_summary()
return {'ok', now, epoch, to, upto, to > 0 and redis.call('HGET', summary, 's:' .. to) or ''}
`,
);

// The current one, and those that the reports of earlier turns refer to.
const MAX_KEPT = 4;

/**
 * Ends a job: stores its summary, or why there is none. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] epoch   ARGV[4] the job's id   ARGV[5] why there is none, or empty
 * ARGV[6] the index that it ends before   ARGV[7] what follows the time in its record
 *
 * Returns {'ok', now, when the job ended} | {'gone', now}: the claim was taken away, or has passed to another job
 */
export const STORE_SUMMARY = writeScript(
  lua`
local known = redis.call('HMGET', summary, 'epoch', 'job', 'upto', 'ended')
if not epoch or epoch ~= ARGV[3] or known[1] ~= epoch then return {'gone', now} end
local job, ended = (known[4] or ''):match('^(.*):(%d+)$')
if job == ARGV[4] then return {'ok', now, tonumber(ended)} end
if known[2] ~= ARGV[4] then return {'gone', now} end
if ARGV[5] ~= '' then
  redis.call('HSET', summary, 'refused', ARGV[5], 'refused_at', ARGV[5] == 'interrupted' and 0 or known[3])
else
  redis.call('HSET', summary, 'to', ARGV[6], 's:' .. ARGV[6], '[1,' .. ARGV[6] .. ',' .. now_text .. ',' .. ARGV[7])
  redis.call('HDEL', summary, 'refused', 'refused_at')
  local kept = {}
  for _, field in ipairs(redis.call('HKEYS', summary)) do
    local to = field:match('^s:(%d+)$')
    if to then kept[#kept + 1] = tonumber(to) end
  end
  table.sort(kept)
  for n = 1, #kept - ${MAX_KEPT} do redis.call('HDEL', summary, 's:' .. kept[n]) end
end
redis.call('HDEL', summary, 'job', 'upto', 'until')
redis.call('HSET', summary, 'ended', ARGV[4] .. ':' .. now_text)
expire_summary()
return {'ok', now, now}
`,
);

/**
 * Reads the summaries.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns {'ok', now, epoch or '', why the last job left none, or '', record, …}, in no order
 */
export const READ_SUMMARIES = readScript(
  lua`
local known = redis.call('HMGET', summary, 'epoch', 'refused')
local reply = {'ok', now, epoch or '', ''}
if not epoch or known[1] ~= epoch then return reply end
reply[4] = known[2] or ''
local fields = redis.call('HGETALL', summary)
for i = 1, #fields, 2 do
  if fields[i]:sub(1, 2) == 's:' then reply[#reply + 1] = fields[i + 1] end
end
return reply
`,
);
