import { Agent, request } from "undici";
import { type System, withSystem } from "../faults/system.ts";
import type { Outcome } from "./outcome.ts";
import { each, headersOf } from "./secured.ts";

const HOLDS_WITHIN = 0.01;
const AT_ONCE = 64;

interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
}

interface Flood {
  readonly limit: string;
  readonly env: Readonly<Record<string, string>>;
  readonly quota: number;
  readonly tries: number;
  readonly ask: (n: number) => Call;
  /** What is counted in Redis; by default each accepted request is one. */
  readonly takes?: "bytes" | "tokens" | "usd";
}

const OFF = {
  LIMIT_REQUESTS_PER_MINUTE: "off",
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off",
  LIMIT_STREAMS: "off",
  LIMIT_ADDRESS_STREAMS: "off",
};
const list = (): Call => ({ method: "GET", path: "/sessions" });
const append = (sessionId: string, bytes: number): Call => ({
  method: "POST",
  path: `/sessions/${sessionId}/messages`,
  body: { messages: [{ role: "user", content: "x".repeat(bytes) }] },
});
const chat = (sessionId: string, model: string): Call => ({
  method: "POST",
  path: "/chat",
  body: { message: "Hi", mode: "stateful", provider: "chatgpt", model, session_id: sessionId },
});

export const FLOODS: readonly Flood[] = [
  {
    limit: "requests a minute of an owner",
    env: { LIMIT_REQUESTS_PER_MINUTE: "1000" },
    quota: 1000,
    tries: 10_000,
    ask: list,
  },
  {
    limit: "requests a minute of an address",
    env: { LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "1000" },
    quota: 1000,
    tries: 10_000,
    ask: list,
  },
  {
    limit: "answers at once",
    env: { LIMIT_STREAMS: "20" },
    quota: 20,
    // An answer takes longer than sending all of these requests.
    tries: AT_ONCE,
    ask: (n) => chat(`s${n}`, "fake-slow"),
  },
  {
    limit: "sessions",
    env: { LIMIT_SESSIONS: "300" },
    quota: 300,
    tries: 1500,
    ask: (n) => append(`s${n}`, 2),
  },
  {
    limit: "bytes stored",
    env: { LIMIT_STORED_BYTES: "500000" },
    quota: 500_000,
    tries: 2000,
    ask: (n) => append(`s${n % 50}`, 1000),
    takes: "bytes",
  },
  {
    limit: "tokens a day",
    env: { LIMIT_TOKENS_PER_DAY: "60000" },
    quota: 60_000,
    tries: 3000,
    // The server does not know yet how long these answers are, and more run at once than the limit allows.
    ask: (n) => chat(`s${n}`, "fake-long"),
    takes: "tokens",
  },
  {
    limit: "dollars a day (in millionths)",
    env: { LIMIT_USD_PER_DAY: "0.004" },
    quota: 4000,
    tries: 2000,
    ask: (n) => chat(`s${n}`, "gpt-5-mini"),
    takes: "usd",
  },
];

/** Floods two servers on one Redis over a limit, and counts how much they let through. */
export function flood({ limit, env, quota, tries, ask, takes }: Flood): Promise<Outcome> {
  return withSystem(async (system) => {
    const servers = await Promise.all([1, 2].map(() => system.startServer({ AUTH: "keys", ...OFF, ...env })));
    const { alice } = await headersOf(system, "alice");
    const found: string[] = [];
    let through = 0;
    const dispatcher = new Agent({ connections: AT_ONCE });
    await each(Array(tries).keys(), AT_ONCE, async (n) => {
      const { method, path, body } = ask(n);
      const answer = await request(`${servers[n % servers.length]?.base}${path}`, {
        dispatcher,
        method,
        headers: { ...alice, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      await answer.body.dump();
      if (answer.statusCode === 200) through++;
      else if (answer.statusCode !== 429) found.push(`${limit}: answered ${answer.statusCode}`);
      else if (answer.headers["retry-after"] === undefined) found.push(`${limit}: a 429 without Retry-After`);
    });
    await dispatcher.close();
    const amount = takes === undefined ? through : await amountOf(system, takes);
    const off = (amount - quota) / quota;
    // Less is right where one request uses more than what is left.
    if (off > HOLDS_WITHIN || (takes === undefined && off < -HOLDS_WITHIN) || amount === 0) {
      found.push(`${limit}: ${amount} of ${quota} were let through`);
    }
    return {
      tries,
      found,
      note: `${amount.toLocaleString("en")} of ${quota.toLocaleString("en")} let through`,
    };
  });
}

/** The bytes of all stored messages. */
const STORED_BYTES = `
local bytes = 0
for _, key in ipairs(redis.call('KEYS', 'chat_history:*:messages')) do
  for _, item in ipairs(redis.call('LRANGE', key, 0, -1)) do bytes = bytes + #item end
end
return bytes`;

const amountOf = async ({ redis }: System, meter: "bytes" | "tokens" | "usd"): Promise<number> =>
  meter === "bytes"
    ? Number(await redis.command("EVAL", STORED_BYTES, "0"))
    : Number(await redis.command("GET", `chat_history:limits:${meter}:owner:alice`));
