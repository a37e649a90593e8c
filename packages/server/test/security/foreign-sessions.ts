import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "undici";
import { onStage } from "../faults/stage.ts";
import type { Outcome } from "./outcome.ts";
import { each, headersOf, routesOf } from "./secured.ts";

const SESSIONS = 50;
const AT_ONCE = 16;
// How often an answer's time tells a real id from a made-up one, beyond guessing.
const ALIKE = 0.05;

/** Routes that make something of one's own under any id are no way to somebody else's. */
const MAKES_OWN = /^POST \/sessions\/\{session_id\}\/messages$/;

// A session that is not there yet has no messages: that is no error.
const NO_MESSAGES = '{"messages":[],"next_before":null}';

/** Asks, as somebody with a key, for what is somebody else's: by its real ids and by such as never were. */
export function foreignSessions({ requests }: { requests: number }): Promise<Outcome> {
  return onStage(async (stage) => {
    const off = { LIMIT_REQUESTS_PER_MINUTE: "off", LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off" };
    const server = await stage.server({ AUTH: "keys", ...off });
    const { alice, bob } = await headersOf(stage, "alice", "bob");
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
        ...(method === "PATCH" && { body: '{"title":"mine"}' }),
      });
      const text = await body.text();
      times.get(`${method} ${path}`)?.[isReal ? "real" : "made"].push(performance.now() - started);
      const leak = text.includes(canary) || text.includes(real[0]?.turn ?? "-");
      if ((statusCode !== 404 && text !== NO_MESSAGES) || leak)
        found.push(`${method} ${url}: ${statusCode} ${text.slice(0, 200)}`);
    };
    await each(Array(requests).keys(), AT_ONCE, ask);
    await dispatcher.close();

    const after = await exportsOf(server.base, alice, real);
    if (after.join() !== before.join()) found.push("alice's sessions are not what they were");
    const told = Math.max(
      ...[...times.values()].map(({ real: a, made: b }) => Math.abs(rightGuesses(a, b) - 0.5)),
    );
    if (told > ALIKE) found.push(`by the answers' times ${percent(0.5 + told)} of guesses are right`);
    const all = [...times.values()];
    const [a, b] = [median(all.flatMap((of) => of.real)), median(all.flatMap((of) => of.made))];
    return {
      attack: `sessions of somebody else, over ${routes.length} routes`,
      tries: requests,
      found,
      note: `median ${a.toFixed(2)} ms for real ids, ${b.toFixed(2)} ms for made-up ones; by their times at most ${percent(0.5 + told)} of guesses on a route are right`,
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

/** How often the first of two answers, one of each kind, takes less time: half of the time if they are alike. */
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
