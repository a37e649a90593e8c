import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

/**
 * Returns the request of a client's turn.
 * @param last the body of this client's last answer, where whole answers are read
 */
export type Ask = (client: number, turn: number, last?: string) => AskedTurn;

export interface AskedTurn {
  readonly path: string;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a turn's request. @param accept the type of the answer */
function send(pool: Pool, { path, body, headers }: AskedTurn, accept = "application/json") {
  return pool.request({
    method: "POST",
    path,
    headers: { "content-type": "application/json", accept, ...headers },
    body: JSON.stringify(body),
  });
}

/**
 * Sends whole turns from several clients, each waiting for its answer. Returns their number and the time.
 * @param urls the servers; a client's turns alternate between them
 */
export async function wholeTurns(
  urls: readonly string[],
  clients: number,
  ms: number,
  ask: Ask,
): Promise<{ turns: number; seconds: number }> {
  const pools = urls.map((url) => new Pool(url, { connections: clients }));
  const started = performance.now();
  let turns = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      let text: string | undefined;
      for (let turn = 0; performance.now() - started < ms; turn++) {
        const asked = ask(client, turn, text);
        const answer = await send(pools[turn % pools.length] as Pool, asked);
        text = await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`${asked.path}: ${answer.statusCode} ${text}`);
        turns++;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await Promise.all(pools.map((pool) => pool.close()));
  return { turns, seconds };
}

export interface Streamed {
  /** Milliseconds from each request to its first text. */
  readonly firstTextMs: readonly number[];
  readonly streams: number;
}

/** Reads streams with several clients for a time; each client begins its next stream when one has ended. */
export async function stream(url: string, clients: number, ms: number, ask: Ask): Promise<Streamed> {
  const pool = new Pool(url, { connections: clients });
  const started = performance.now();
  const firstTextMs: number[] = [];
  let streams = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      // Users do not begin at the same moment.
      await sleep((client / clients) * Math.min(1000, ms / 4));
      for (let turn = 0; performance.now() - started < ms; turn++) {
        const asked = ask(client, turn);
        const sentAt = performance.now();
        const answer = await send(pool, asked, "text/event-stream");
        let first = true;
        for await (const chunk of answer.body) {
          if (!first || !(chunk as Buffer).includes("word")) continue;
          firstTextMs.push(performance.now() - sentAt);
          first = false;
        }
        if (answer.statusCode !== 200) throw new Error(`${asked.path}: ${answer.statusCode}`);
        streams++;
      }
    }),
  );
  await pool.close();
  return { firstTextMs, streams };
}

/**
 * Opens streams that stay open.
 * @returns a function that closes them, and rejects if some were closed before
 */
export async function openStreams(url: string, count: number, ask: Ask): Promise<() => Promise<void>> {
  const pool = new Pool(url, { connections: count, connect: { timeout: 60_000 } });
  let ended = 0;
  await Promise.all(
    Array.from({ length: count }, async (_, client) => {
      const asked = ask(client, 0);
      const { path } = asked;
      const answer = await send(pool, asked, "text/event-stream");
      if (answer.statusCode !== 200)
        throw new Error(`${path}: ${answer.statusCode} ${await answer.body.text()}`);
      answer.body.on("error", () => {});
      answer.body.on("close", () => ended++);
      await new Promise((resolve, reject) => {
        answer.body.once("data", resolve);
        answer.body.once("close", () => reject(new Error(`${path}: a stream ended before its first event`)));
      });
      answer.body.resume();
    }),
  );
  return async () => {
    if (ended > 0) throw new Error(`${ended} of ${count} streams did not stay open`);
    await pool.destroy();
  };
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
