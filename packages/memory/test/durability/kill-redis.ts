import { setTimeout as sleep } from "node:timers/promises";
import { MessageHistory } from "../../src/index.ts";
import { connectTo, type Target } from "../redis.ts";
import { startServer } from "../servers.ts";
import { batch, batchesOf } from "./batches.ts";

const WRITERS = 16;
/** How many acknowledged batches there are between two kills: at least, and at most so many more. */
const BETWEEN_KILLS = { least: 100, more: 900 };

export interface Losses {
  readonly kills: number;
  readonly acknowledged: number;
  /** Batches that were acknowledged and are not there. */
  readonly lost: number;
  /** Batches that are there twice. */
  readonly doubled: number;
  /** Batches that are there in part. */
  readonly incomplete: number;
  /** Acknowledged batches of one writer that stand in another order than it wrote them. */
  readonly disordered: number;
}

/**
 * Writes from many callers while Redis, which syncs each write to its disk before it answers, is repeatedly ended by
 * SIGKILL and restarted. A write that fails is not retried: it may or may not have been stored.
 */
export async function killRedis(binary: string, client: Target["client"], kills: number): Promise<Losses> {
  const server = await startServer(binary, ["--appendonly", "yes", "--appendfsync", "always"]);
  const connection = await connectTo({ client, kind: "single", ports: [server.port] });
  const history = new MessageHistory({ client: connection.client, name: "durability", timeoutMs: 1000 });
  try {
    let writing = true;
    let total = 0;
    const write = async (writer: number): Promise<string[]> => {
      const acknowledged: string[] = [];
      for (let n = 0; writing; n++) {
        const id = `${writer}/${n}`;
        const done = await history.addMessages(`s${writer % 4}`, batch(id)).catch(() => undefined);
        if (done) {
          acknowledged.push(id);
          total++;
        }
        // While Redis is away a client may fail at once.
        else await sleep(5);
      }
      return acknowledged;
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    const untilMoreAreAcknowledged = async (): Promise<void> => {
      const enough = total + BETWEEN_KILLS.least + BETWEEN_KILLS.more * Math.random();
      while (total < enough) await sleep(1);
    };
    for (let kill = 0; kill < kills; kill++) {
      await untilMoreAreAcknowledged();
      await server.kill();
      await server.restart();
    }
    await untilMoreAreAcknowledged();
    writing = false;
    const acknowledged = await Promise.all(writers);
    const sessions = await Promise.all([0, 1, 2, 3].map((n) => batchesOf(history, `s${n}`)));
    return { kills, ...compare(acknowledged, sessions) };
  } finally {
    await connection.close();
    await server.stop();
  }
}

function compare(
  acknowledged: readonly string[][],
  sessions: readonly { ids: string[]; incomplete: number }[],
) {
  const there = sessions.flatMap(({ ids }) => ids);
  const indexes = new Map(there.map((id, index) => [id, index]));
  const all = acknowledged.flat();
  const disordered = acknowledged.flatMap((ids) =>
    ids.filter((id, n) => n > 0 && Number(indexes.get(id)) < Number(indexes.get(ids[n - 1] ?? ""))),
  );
  return {
    acknowledged: all.length,
    lost: all.filter((id) => !indexes.has(id)).length,
    doubled: there.length - indexes.size,
    incomplete: sessions.reduce((sum, session) => sum + session.incomplete, 0),
    disordered: disordered.length,
  };
}
