import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageHistory } from "../../src/index.ts";
import { connectNodeRedis, keysOf, removeKeys, uniqueName } from "../redis.ts";
import { startServer } from "../servers.ts";
import { batchesOf } from "./batches.ts";

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));
const LIFE_MS = 120;

export interface Remains {
  readonly kills: number;
  readonly sessions: number;
  /** Keys of a session that would stay for ever. */
  readonly withoutTtl: number;
  /** Batches that are there in part. */
  readonly broken: number;
}

/** Kills a process that writes, again and again at any moment, and looks at what it has left behind. */
export async function killWriter(binary: string, kills: number): Promise<Remains> {
  const server = await startServer(binary);
  const redis = await connectNodeRedis(server.url);
  let sessions = 0;
  let withoutTtl = 0;
  let broken = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const name = uniqueName();
      // As on a fresh server: the scripts are not known yet.
      await redis.command("SCRIPT", "FLUSH");
      const writer = spawn(process.execPath, [WRITER, server.url, name], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exit = once(writer, "exit");
      await once(writer.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, LIFE_MS * Math.random()));
      writer.kill("SIGKILL");
      await exit;

      const keys = await keysOf(redis, name);
      const ttls = await Promise.all(keys.map((key) => redis.command("PTTL", key)));
      withoutTtl += ttls.filter((ttl) => ttl === -1).length;
      const history = new MessageHistory({ client: redis.client, name });
      const ids = keys.flatMap((key) => /\{(s[\d-]+)\}:messages$/.exec(key)?.[1] ?? []);
      sessions += ids.length;
      for (const id of ids) broken += (await batchesOf(history, id)).broken;
      await removeKeys(redis, name);
    }
    return { kills, sessions, withoutTtl, broken };
  } finally {
    await redis.close();
    await server.stop();
  }
}
