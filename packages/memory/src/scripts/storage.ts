import { lua } from "../redis/script.ts";
import { readScript } from "./session-script.ts";

/**
 * A session's keys: those that there are.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline (Redis' time in ms, or empty)   ARGV[2] default TTL in ms
 *
 * Returns {'ok', now, TTL left in ms, name, type, entries, bytes, TTL left in seconds, …} | {'unknown', now}
 */
export const STORAGE = readScript(
  lua`
local left = redis.call('PTTL', meta)
if left == -2 then return {'unknown', now} end
local sizes = {list = 'LLEN', hash = 'HLEN', string = 'STRLEN'}
local reply = {'ok', now, left}
for _, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'none' then
    reply[#reply + 1] = key
    reply[#reply + 1] = kind
    reply[#reply + 1] = sizes[kind] and redis.call(sizes[kind], key) or 0
    reply[#reply + 1] = redis.call('MEMORY', 'USAGE', key)
    reply[#reply + 1] = redis.call('TTL', key)
  end
end
return reply
`,
);
