import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MessageHistory } from "../../src/index.ts";
import { connectNodeRedis, keysOf, removeKeys, uniqueName } from "../redis.ts";
import { startServer } from "../servers.ts";
import { batchesOf } from "./batches.ts";

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));
/** A writer is killed after at most so many acknowledged batches, and at most so much later. */
const MOST_BATCHES = 20;
const LATER_MS = 10;

export interface Remains {
  readonly kills: number;
  readonly sessions: number;
  /** Keys of a session that would never expire. */
  readonly withoutTtl: number;
  /** Batches that are there in part. */
  readonly incomplete: number;
}

/** Starts a writing process, kills it at a random moment and checks what it left behind, this many times. */
export async function killWriter(binary: string, kills: number): Promise<Remains> {
  const server = await startServer(binary);
  const redis = await connectNodeRedis(server.url);
  let sessions = 0;
  let withoutTtl = 0;
  let incomplete = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const name = uniqueName();
      // As on a fresh server: the scripts are not known yet.
      await redis.command("SCRIPT", "FLUSH");
      const writer = spawn(process.execPath, [WRITER, server.url, name], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exit = once(writer, "exit");
      let batches = 0;
      const enough = MOST_BATCHES * Math.random();
      writer.stdout.on("data", (dots: Buffer) => {
        batches += dots.length;
      });
      while (batches < enough) await Promise.race([once(writer.stdout, "data"), exit]);
      await sleep(LATER_MS * Math.random());
      writer.kill("SIGKILL");
      await exit;

      const keys = await keysOf(redis, name);
      const ttls = await Promise.all(keys.map((key) => redis.command("PTTL", key)));
      withoutTtl += ttls.filter((ttl) => ttl === -1).length;
      const history = new MessageHistory({ client: redis.client, name });
      const ids = keys.flatMap((key) => /\{(s[\d-]+)\}:messages$/.exec(key)?.[1] ?? []);
      sessions += ids.length;
      for (const id of ids) incomplete += (await batchesOf(history, id)).incomplete;
      await removeKeys(redis, name);
    }
    return { kills, sessions, withoutTtl, incomplete };
  } finally {
    await redis.close();
    await server.stop();
  }
}
