import { MessageHistory } from "../../src/index.ts";
import { connectTo, type Target } from "../redis.ts";
import { startServer } from "../servers.ts";
import { batch, batchesOf } from "./batches.ts";

const WRITERS = 16;
/** About how many batches a server acknowledges before it is killed. */
const BATCHES_PER_LIFE = 100;

export interface Losses {
  readonly kills: number;
  readonly acknowledged: number;
  /** Batches that were acknowledged and are not there. */
  readonly lost: number;
  /** Batches that are there twice. */
  readonly doubled: number;
  /** Batches that are there in part. */
  readonly broken: number;
  /** Acknowledged batches of one writer that stand in another order than it wrote them. */
  readonly disordered: number;
}

/**
 * Writes from many callers while Redis, which syncs each write to its disk before it answers, is ended by
 * SIGKILL and started anew again and again. A write that fails is not tried again: whether it is there is open.
 */
export async function killRedis(binary: string, client: Target["client"], kills: number): Promise<Losses> {
  const server = await startServer(binary, ["--appendonly", "yes", "--appendfsync", "always"]);
  const connection = await connectTo({ client, kind: "single", ports: [server.port] });
  const history = new MessageHistory({ client: connection.client, name: "durability", timeoutMs: 1000 });
  try {
    let writing = true;
    let count = 0;
    let reached = { count: Number.POSITIVE_INFINITY, resolve: () => {} };
    /** Resolves when so many more batches are acknowledged, however fast this machine is. */
    const acknowledge = (more: number) =>
      new Promise<void>((resolve) => {
        reached = { count: count + more, resolve };
      });
    const write = async (writer: number): Promise<string[]> => {
      const acknowledged: string[] = [];
      for (let n = 0; writing; n++) {
        const id = `${writer}/${n}`;
        const done = await history.addMessages(`s${writer % 4}`, batch(id)).catch(() => undefined);
        if (done) {
          acknowledged.push(id);
          if (++count >= reached.count) reached.resolve();
          continue;
        }
        // While Redis is away a client may fail at once.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return acknowledged;
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    for (let kill = 0; kill < kills; kill++) {
      await acknowledge(Math.ceil(BATCHES_PER_LIFE * (0.5 + Math.random())));
      await server.kill();
      await server.restart();
    }
    await acknowledge(BATCHES_PER_LIFE);
    writing = false;
    const acknowledged = await Promise.all(writers);
    const sessions = await Promise.all([0, 1, 2, 3].map((n) => batchesOf(history, `s${n}`)));
    return { kills, ...compare(acknowledged, sessions) };
  } finally {
    await connection.close();
    await server.stop();
  }
}

function compare(acknowledged: readonly string[][], sessions: readonly { ids: string[]; broken: number }[]) {
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
    broken: sessions.reduce((sum, session) => sum + session.broken, 0),
    disordered: disordered.length,
  };
}
