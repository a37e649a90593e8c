import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { loadConfig } from "../../config/config.ts";
import { counted } from "../../counted.ts";
import { connectRedis } from "../redis.ts";
import { BackupFileError, type Counts, readBackup } from "./backup-file.ts";
import { RedisBackup } from "./redis-backup.ts";

/** In the Redis of a try while it runs: what a try that was killed has left may be removed. */
const TRY_KEY = "redis-memory-magic:restore_try";
const SERVERS = ["redis-server", "valkey-server"];

/**
 * Restores a backup into an empty Redis and empties that again.
 * @param url of the Redis, or undefined to start one for this: the redis-server or valkey-server on the PATH
 * @throws BackupFileError if there is no such Redis, if it is not empty, or if it restored less than the file holds
 */
export async function tryRestore(
  path: string,
  held: Counts,
  url: string | undefined,
  name: string,
): Promise<void> {
  if (url === undefined) return withThrowAwayRedis((own) => tryRestore(path, held, own, name));
  const log = pino({ level: "silent" });
  const redis = await connectRedis(loadConfig({ REDIS_URL: url }).redis, log);
  try {
    if (!redis.isReady())
      throw new BackupFileError(`The restore was not tried: no Redis answers at ${redis.address}.`);
    const { client } = redis;
    if (
      "masters" in client ||
      (Number(await client.sendCommand(["DBSIZE"])) > 0 && (await client.get(TRY_KEY)) === null)
    )
      throw new BackupFileError(
        `The restore was not tried: the Redis at ${redis.address} is not empty, and a try ends with removing all of it. Name a Redis that is for this alone.`,
      );
    try {
      await client.sendCommand(["FLUSHALL"]);
      await client.set(TRY_KEY, "1");
      const restored = { sessions: 0, keys: 0 };
      const results = new RedisBackup(client, name).restore(readBackup(path), {
        replace: false,
        expire: false,
      });
      for await (const { record, result } of results) {
        if (result !== "restored") continue;
        restored.sessions += record.session ? 1 : 0;
        restored.keys += record.keys.length;
      }
      if (restored.sessions !== held.sessions || restored.keys !== held.keys)
        throw new BackupFileError(
          `Only ${restored.sessions} of ${counted(held.sessions, "session")} could be restored from ${path}.`,
        );
    } finally {
      await client.sendCommand(["FLUSHALL"]);
    }
  } finally {
    redis.close();
  }
}

/** Starts a private Redis on loopback, and ends it. */
async function withThrowAwayRedis(use: (url: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "restore-"));
  const password = randomBytes(16).toString("hex");
  const port = await freePort();
  const settings = ["bind 127.0.0.1", `port ${port}`, `requirepass ${password}`, 'save ""', `dir ${folder}`];
  try {
    for (const server of SERVERS) {
      // By its standard input: on the command line every user of this machine could read the password.
      const child = spawn(server, ["-"], { stdio: ["pipe", "ignore", "ignore"] });
      child.stdin.on("error", () => {});
      child.stdin.end(`${settings.join("\n")}\n`);
      const started = await once(child, "spawn").then(
        () => true,
        () => false,
      );
      if (!started) continue;
      const ended = once(child, "exit");
      try {
        return await use(`redis://:${password}@127.0.0.1:${port}`);
      } finally {
        child.kill("SIGKILL");
        await ended;
      }
    }
    throw new BackupFileError(
      `The restore was not tried: neither ${SERVERS.join(" nor ")} is on the PATH. Install one, or name an empty Redis: --try-in redis://…`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
