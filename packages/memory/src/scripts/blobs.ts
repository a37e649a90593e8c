import { lua } from "../redis/script.ts";
import { readScript, writeScript } from "./session-script.ts";

/**
 * A session's blobs are one hash: id → what is known of it (JSON), `<id>:<n>` → a piece of it in Base64, and '' → bytes
 * of all. A blob is uploaded piece by piece under a name of its own, which expires within a minute.
 */

/**
 * Stores a piece of a blob that is being uploaded. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the upload
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the piece's number, from 0   ARGV[4] its content in Base64
 *
 * Returns {'ok', now}
 */
export const PUT_PIECE = writeScript(
  lua`
redis.call('HSET', KEYS[10], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[10], 60000)
return {'ok', now}
`,
);

/**
 * Stores the last piece of a blob, and makes the upload one of the session's blobs, unless it has that blob already.
 * Creates the session if there is none. May be repeated.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * KEYS[10] the upload
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the blob's id   ARGV[4] number of pieces   ARGV[5] bytes   ARGV[6] what is known of it (JSON)
 * ARGV[7] bytes that all blobs of the session may have, or empty   ARGV[8] the last piece in Base64
 * ARGV[9] epoch, if the session is new
 *
 * Returns {'ok', now, ttl, epoch, 1 if it is new} | {'too_large', now, bytes of all} | {'lost', now}: it has expired
 */
export const FINISH_BLOB = writeScript(
  lua`
local id, last, bytes = ARGV[3], tonumber(ARGV[4]) - 1, tonumber(ARGV[5])
local is_new = redis.call('HEXISTS', blobs, id) == 0
if is_new then
  local all = tonumber(redis.call('HGET', blobs, '') or 0)
  if ARGV[7] ~= '' and all + bytes > tonumber(ARGV[7]) then
    redis.call('UNLINK', KEYS[10])
    return {'too_large', now, all}
  end
  if redis.call('HLEN', KEYS[10]) ~= last then return {'lost', now} end
  redis.call('HSET', blobs, id .. ':' .. last, ARGV[8])
  for n = 0, last - 1 do redis.call('HSET', blobs, id .. ':' .. n, redis.call('HGET', KEYS[10], n)) end
  redis.call('HSET', blobs, id, ARGV[6])
  redis.call('HINCRBY', blobs, '', bytes)
end
if not epoch then create_session(ARGV[9], '2') end
layout = '2'
redis.call('HSET', meta, 'v', layout, 'updated', now_text)
redis.call('UNLINK', KEYS[10])
return {'ok', now, renew_ttl(), epoch, is_new and 1 or 0}
`,
);

/**
 * Reads a piece of a blob.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 * ARGV[3] the blob's id   ARGV[4] the piece's number
 *
 * Returns {'ok', now, what is known of the blob (JSON), the piece in Base64} | {'unknown', now}
 */
export const READ_PIECE = readScript(
  lua`
local found = redis.call('HMGET', blobs, ARGV[3], ARGV[3] .. ':' .. ARGV[4])
if not found[1] or not found[2] then return {'unknown', now} end
return {'ok', now, found[1], found[2]}
`,
);

/**
 * Lists a session's blobs.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns {'ok', now, what is known of a blob (JSON), …}
 */
export const LIST_BLOBS = readScript(
  lua`
local reply = {'ok', now}
for _, field in ipairs(redis.call('HKEYS', blobs)) do
  if field ~= '' and not field:find(':', 1, true) then reply[#reply + 1] = redis.call('HGET', blobs, field) end
end
return reply
`,
);
