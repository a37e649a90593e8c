import { lua, type Script, script } from "../redis/script.ts";
import { CLOCK } from "./clock.ts";
import { SESSION_FUNCTIONS } from "./session-functions.ts";

const FUNCTIONS = SESSION_FUNCTIONS.trim()
  .split("\n\n")
  .map((source) => ({ source, name: /^local function (\w+)/m.exec(source)?.[1] ?? "" }));

/** What `branch` makes. */
const BRANCHES = /-- branch\n.*?-- branch/gs;

/**
 * Begins every script on a session, except the one that deletes it.
 *
 * KEYS[1] messages   KEYS[2] meta   KEYS[3] turns   KEYS[4] idempotency   KEYS[5] log   KEYS[6] blobs
 * KEYS[7] words   KEYS[8] vectors   KEYS[9] summary
 * ARGV[1] deadline in Redis' time, ms since the Unix epoch; empty: none
 * ARGV[2] TTL in ms of a session that has none of its own
 *
 * Returns {status, now, …}. Every script may also return
 *         {'late', now}: the deadline has passed and nothing was done, because the caller has given up
 *         {'newer', now, layout}: a newer version of this library wrote the session, which was left unchanged
 *
 * The fields of `meta` that most scripts need are read once; one that is not there is false. A turn whose lease has
 * expired is ended as interrupted, if Redis is not full: else `end_error` says why it is not.
 *
 * A full Redis refuses RPUSH, HSET and APPEND. Scripts call these first, so that a refusal changes nothing.
 */
const HEAD = lua`
local messages, meta, turns, idempotency, log, blobs, words, vectors, summary = unpack(KEYS, 1, 9)
${CLOCK.trim()}
-- Lua and Redis format its numbers, which are doubles, several times slower than \`%d\`.
local now_text = ('%d'):format(now)
if ARGV[1] ~= '' and now > tonumber(ARGV[1]) then return {'late', now} end
local layout, epoch, own_ttl, dropped, current_turn, lease =
  unpack(redis.call('HMGET', meta, 'v', 'epoch', 'ttl', 'dropped', 'turn', 'lease'))
if layout and layout ~= '1' and layout ~= '2' then return {'newer', now, layout} end
local end_error
${branch(
  "current_turn and now > tonumber(lease)",
  lua`
local ended
ended, end_error = pcall(function()
  end_turn('interrupted', '', '')
  renew_ttl()
end)`,
)}
`;

/** Builds a script that reads a session: this is possible on a full Redis. */
export const readScript = (...pieces: string[]): Script => script(HEAD, withFunctions(pieces.join("\n")));

/** Builds a script that writes to a session. */
export const writeScript = (...pieces: string[]): Script =>
  readScript("if end_error then error(end_error, 0) end", ...pieces);

/** Code that seldom runs, with the shared functions that it calls: they are not created if it does not run. */
export function branch(condition: string, code: string): string {
  return `if ${condition} then -- branch\n${withFunctions(code)}\nend -- branch`;
}

/**
 * Puts the shared functions in front that a piece of Lua calls, directly or not, and no others; one that a single
 * other function calls is declared inside that one. For Lua creates a function anew whenever its declaration runs.
 */
function withFunctions(code: string): string {
  const main = { source: code.replaceAll(BRANCHES, "") };
  const declared: { source: string }[] = [];
  for (const { source, name } of FUNCTIONS.toReversed()) {
    const isCalled = new RegExp(String.raw`\b${name}\b`);
    const [caller, ...others] = [main, ...declared].filter((one) => isCalled.test(one.source));
    if (caller === undefined) continue;
    if (others.length > 0 || caller === main) declared.unshift({ source });
    else caller.source = caller.source.replace(/^local function .*\n/m, (line) => `${line}${source}\n`);
  }
  return [...declared.map(({ source }) => source), code].join("\n");
}
