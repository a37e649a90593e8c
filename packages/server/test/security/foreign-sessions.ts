import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "undici";
import { withSystem } from "../faults/system.ts";
import type { Outcome } from "./outcome.ts";
import { each, headersOf, routesOf } from "./secured.ts";

const SESSIONS = 50;
const AT_ONCE = 16;
/** By how much guessing from response times whether an id is real may be better than chance. */
const TOLERANCE = 0.05;

/** A route that creates the caller's own session under any id shows nothing of another owner's. */
const MAKES_OWN = /^POST \/sessions\/\{session_id\}\/messages$/;

// Listing the messages or items of a session that does not exist is not an error.
const EMPTY_PAGE = /^\{"(?:messages|items)":\[\],"next_before":null\}$/;

/** A valid body for a route, so that it gets as far as to look for the session. */
const bodyFor = (path: string): string =>
  path.endsWith("/settings") ? '{"mode":"stateful"}' : '{"title":"mine"}';

/** Asks with one owner's key for another owner's sessions, and for sessions that never existed. */
export function foreignSessions({ requests }: { requests: number }): Promise<Outcome> {
  return withSystem(async (system) => {
    const off = { LIMIT_REQUESTS_PER_MINUTE: "off", LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off" };
    const server = await system.startServer({ AUTH: "keys", ...off });
    const { alice, bob } = await headersOf(system, "alice", "bob");
    const canary = `canary-${randomUUID()}`;
    const real: { session: string; turn: string }[] = [];
    for (let n = 0; n < SESSIONS; n++) {
      const body = {
        message: canary,
        mode: "stateful",
        provider: "mirror",
        session_id: `session_${randomUUID()}`,
      };
      const answer = await fetch(`${server.base}/chat`, {
        method: "POST",
        headers: { ...alice, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const { turn_id } = (await answer.json()) as { turn_id: string };
      real.push({ session: body.session_id, turn: turn_id });
    }
    const before = await exportsOf(server.base, alice, real);

    const routes = (await routesOf(server.base)).filter(
      ({ method, path }) => path.includes("{session_id}") && !MAKES_OWN.test(`${method} ${path}`),
    );
    const found: string[] = [];
    const times = new Map(
      routes.map(({ method, path }) => [`${method} ${path}`, { real: [] as number[], made: [] as number[] }]),
    );
    const dispatcher = new Agent({ connections: AT_ONCE });
    const ask = async (n: number): Promise<void> => {
      const { method, path } = routes[Math.floor(n / 2) % routes.length] ?? { method: "", path: "" };
      const isReal = n % 2 === 0;
      const ids = isReal
        ? real[Math.floor(n / 2) % real.length]
        : { session: `session_${randomUUID()}`, turn: randomBytes(8).toString("hex") };
      const url = path.replace("{session_id}", ids?.session ?? "").replace("{turn_id}", ids?.turn ?? "");
      const started = performance.now();
      const { statusCode, body } = await request(server.base + url, {
        dispatcher,
        method: method as "GET",
        headers: { ...bob, ...(method === "PATCH" && { "content-type": "application/json" }) },
        ...(method === "PATCH" && { body: bodyFor(path) }),
      });
      const text = await body.text();
      times.get(`${method} ${path}`)?.[isReal ? "real" : "made"].push(performance.now() - started);
      const leak = text.includes(canary) || text.includes(real[0]?.turn ?? "-");
      if ((statusCode !== 404 && !EMPTY_PAGE.test(text)) || leak)
        found.push(`${method} ${url}: ${statusCode} ${text.slice(0, 200)}`);
    };
    await each(Array(requests).keys(), AT_ONCE, ask);
    await dispatcher.close();

    const after = await exportsOf(server.base, alice, real);
    if (after.join() !== before.join()) found.push("alice's sessions have changed");
    const advantage = Math.max(
      ...[...times.values()].map(({ real: a, made: b }) => Math.abs(rightGuesses(a, b) - 0.5)),
    );
    if (advantage > TOLERANCE)
      found.push(`${percent(0.5 + advantage)} of guesses from response times are right`);
    const all = [...times.values()];
    const [a, b] = [median(all.flatMap((of) => of.real)), median(all.flatMap((of) => of.made))];
    return {
      tries: requests,
      found,
      note: `${routes.length} routes; median ${a.toFixed(2)} ms for real ids, ${b.toFixed(2)} ms for made-up ones; at most ${percent(0.5 + advantage)} of guesses from response times are right`,
    };
  });
}

async function exportsOf(
  base: string,
  headers: Record<string, string>,
  sessions: readonly { session: string }[],
): Promise<string[]> {
  const texts = sessions.map(async ({ session }) =>
    (await fetch(`${base}/sessions/${session}/messages`, { headers })).text(),
  );
  return Promise.all(texts);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Returns how often a value of the first list is less than one of the second: 0.5 if they are alike. */
function rightGuesses(a: readonly number[], b: readonly number[]): number {
  const sorted = b.toSorted((x, y) => x - y);
  let less = 0;
  for (const value of a) {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) > value) high = middle;
      else low = middle + 1;
    }
    less += sorted.length - low;
  }
  return less / (a.length * b.length);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
