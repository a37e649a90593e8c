import { Agent, request } from "undici";
import { onStage, type Stage } from "../faults/stage.ts";
import type { Outcome } from "./outcome.ts";
import { each, headersOf } from "./secured.ts";

const HOLDS_WITHIN = 0.01;
const AT_ONCE = 64;

interface Flood {
  readonly limit: string;
  readonly env: Readonly<Record<string, string>>;
  readonly quota: number;
  readonly tries: number;
  readonly method: "GET" | "POST";
  readonly path: (n: number) => string;
  readonly body?: (n: number) => unknown;
  /** How much was let through. */
  readonly taken: (accepted: number, stage: Stage) => Promise<number>;
  /** It may be less than the quota: what was reserved and not used. */
  readonly upTo?: boolean;
}

const OFF = {
  LIMIT_REQUESTS_PER_MINUTE: "off",
  LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off",
  LIMIT_STREAMS: "off",
  LIMIT_ADDRESS_STREAMS: "off",
};
const accepted = async (count: number): Promise<number> => count;
const chat = (n: number, model?: string) => ({
  message: "Hi",
  mode: "stateful",
  provider: model === undefined ? "mirror" : "chatgpt",
  session_id: `s${n}`,
  ...(model !== undefined && { model }),
});

const FLOODS: readonly Flood[] = [
  {
    limit: "requests a minute of an owner",
    env: { LIMIT_REQUESTS_PER_MINUTE: "1000" },
    quota: 1000,
    tries: 10_000,
    method: "GET",
    path: () => "/sessions",
    taken: accepted,
  },
  {
    limit: "requests a minute of an address",
    env: { LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "1000" },
    quota: 1000,
    tries: 10_000,
    method: "GET",
    path: () => "/sessions",
    taken: accepted,
  },
  {
    limit: "answers at once",
    env: { LIMIT_STREAMS: "20" },
    quota: 20,
    // Each answer takes longer than it takes to ask for all of them.
    tries: AT_ONCE,
    method: "POST",
    path: () => "/chat",
    body: (n) => chat(n, "fake-slow"),
    taken: accepted,
  },
  {
    limit: "sessions",
    env: { LIMIT_SESSIONS: "300" },
    quota: 300,
    tries: 1500,
    method: "POST",
    path: (n) => `/sessions/s${n}/messages`,
    body: () => ({ messages: [{ role: "user", content: "Hi" }] }),
    taken: accepted,
  },
  {
    limit: "bytes stored",
    env: { LIMIT_STORED_BYTES: "500000" },
    quota: 500_000,
    tries: 2000,
    method: "POST",
    path: (n) => `/sessions/s${n % 50}/messages`,
    body: () => ({ messages: [{ role: "user", content: "x".repeat(1000) }] }),
    taken: async (count) => count * 1000,
    upTo: true,
  },
  {
    limit: "tokens a day",
    env: { LIMIT_TOKENS_PER_DAY: "60000" },
    quota: 60_000,
    tries: 3000,
    method: "POST",
    path: () => "/chat",
    body: (n) => chat(n, "fake-long"),
    taken: (_, stage) => counter(stage, "tokens"),
    upTo: true,
  },
  {
    limit: "dollars a day (in millionths)",
    env: { LIMIT_USD_PER_DAY: "0.004" },
    quota: 4000,
    tries: 2000,
    method: "POST",
    path: () => "/chat",
    body: (n) => chat(n, "gpt-5-mini"),
    taken: (_, stage) => counter(stage, "usd"),
    upTo: true,
  },
];

/** Floods two servers on one Redis over each limit at once, and looks how much was let through. */
export async function floods(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const flood of FLOODS) outcomes.push(await tryFlood(flood));
  return outcomes;
}

function tryFlood({ limit, env, quota, tries, method, path, body, taken, upTo }: Flood): Promise<Outcome> {
  return onStage(async (stage) => {
    const servers = await Promise.all([1, 2].map(() => stage.server({ AUTH: "keys", ...OFF, ...env })));
    const { alice } = await headersOf(stage, "alice");
    const found: string[] = [];
    let through = 0;
    const dispatcher = new Agent({ connections: AT_ONCE });
    const ask = async (n: number): Promise<void> => {
      const base = servers[n % servers.length]?.base ?? "";
      const answer = await request(base + path(n), {
        dispatcher,
        method,
        headers: { ...alice, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body(n)) }),
      });
      await answer.body.dump();
      if (answer.statusCode === 200) through++;
      else if (answer.statusCode !== 429) found.push(`${limit}: an answer of ${answer.statusCode}`);
      else if (answer.headers["retry-after"] === undefined) found.push(`${limit}: a 429 without Retry-After`);
    };
    // How long answers get is learnt from the first ones; what runs before that can exceed a day's allowance.
    if (upTo) await each(servers.keys(), 1, ask);
    await each(Array(tries).keys(), AT_ONCE, ask);
    await dispatcher.close();
    const amount = await taken(through, stage);
    const off = (amount - quota) / quota;
    if (off > HOLDS_WITHIN || (!upTo && off < -HOLDS_WITHIN) || amount === 0) {
      found.push(`${limit}: ${amount} were let through of ${quota}`);
    }
    return {
      attack: `flood over ${limit}, two servers`,
      tries,
      found,
      note: `${amount.toLocaleString("en")} of ${quota.toLocaleString("en")} let through`,
    };
  });
}

const counter = async (stage: Stage, meter: string): Promise<number> =>
  Number(await stage.redis.command("GET", `chat_history:limits:${meter}:owner:alice`));
