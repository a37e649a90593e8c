import { lua } from "../../redis/script.ts";
import { CLOCK } from "../../scripts/clock.ts";

/**
 * Begins every script of this folder. ARGV[1] is the deadline in Redis' time, ms since the Unix epoch.
 * Returns {'late', now} after it: the caller has given up.
 */
export const PRELUDE = lua`${CLOCK}
if now > tonumber(ARGV[1]) then return {'late', now} end
`;

// A reply is not larger than this, except for its last entry: a larger one would keep Redis from other callers.
export const REPLY_BYTES = 1024 * 1024;
