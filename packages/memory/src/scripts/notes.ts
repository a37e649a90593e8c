import { lua, script } from "../redis/script.ts";
import { CLOCK } from "./clock.ts";

/** KEYS[1] an owner's notes   ARGV[1] their TTL in ms, which each use renews */
const PRELUDE = lua`${CLOCK}
local notes = KEYS[1]
local function renew_ttl() redis.call('PEXPIRE', notes, ARGV[1]) end
`;

/**
 * Reads all notes, in no order.
 *
 * Returns {'ok', now, id, record, …}
 */
export const LIST_NOTES = script(
  PRELUDE,
  lua`
local reply = {'ok', now}
for n, value in ipairs(redis.call('HGETALL', notes)) do reply[2 + n] = value end
renew_ttl()
return reply
`,
);

/**
 * Writes notes, all or none. One whose id is there is replaced.
 *
 * ARGV[2] notes that an owner may have   ARGV[3…] two for each: id, record
 *
 * Returns {'ok', now} | {'refused', now}: they would be too many
 */
export const PUT_NOTES = script(
  PRELUDE,
  lua`
local count = redis.call('HLEN', notes)
local seen = {}
for i = 3, #ARGV, 2 do
  if not seen[ARGV[i]] and redis.call('HEXISTS', notes, ARGV[i]) == 0 then count = count + 1 end
  seen[ARGV[i]] = true
end
if count > tonumber(ARGV[2]) then return {'refused', now} end
for i = 3, #ARGV, 2 do redis.call('HSET', notes, ARGV[i], ARGV[i + 1]) end
renew_ttl()
return {'ok', now}
`,
);

/**
 * Removes a note.
 *
 * ARGV[2] its id
 *
 * Returns {'ok', now} | {'gone', now}
 */
export const REMOVE_NOTE = script(
  PRELUDE,
  lua`
if redis.call('HDEL', notes, ARGV[2]) == 0 then return {'gone', now} end
renew_ttl()
return {'ok', now}
`,
);
