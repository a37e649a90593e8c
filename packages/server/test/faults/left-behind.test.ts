import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const SUITE = `
  import { startServer } from ${module("../../../memory/test/servers.ts")};
  import { RedisProcess } from ${module("./redis-process.ts")};
  import { ServerProcess } from ${module("./server-process.ts")};
  import { serverBinary } from ${module("../../../memory/test/servers.ts")};
  const memory = await startServer(serverBinary());
  const redis = await RedisProcess.start();
  const frozen = await ServerProcess.start({ REDIS_URL: redis.url });
  frozen.freeze();
  const { pid } = await ServerProcess.start({ REDIS_URL: redis.url });
  const folders = await Promise.all(
    [memory, redis].map(async ({ url }) => {
      const { createClient } = await import(${module("@redis/client")});
      const client = await createClient({ url }).connect();
      const { dir } = await client.configGet("dir");
      const [, id] = /process_id:(\\d+)/.exec(await client.info("server"));
      client.destroy();
      return { dir, pid: Number(id) };
    }),
  );
  console.log(JSON.stringify({
    pids: [frozen.pid, pid, ...folders.map((one) => one.pid)],
    folders: folders.map(({ dir }) => dir),
  }));
  setInterval(() => {}, 1000);
`;

function module(name: string): string {
  return JSON.stringify(
    name.startsWith(".") ? fileURLToPath(new URL(name, import.meta.url)) : import.meta.resolve(name),
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each<NodeJS.Signals>(["SIGTERM", "SIGKILL"])(
  "leaves no server and no data of a suite that is ended by %s",
  { timeout: 180_000 },
  async (signal) => {
    const suite = spawn(process.execPath, ["--input-type=module", "--eval", SUITE], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void suite.kill("SIGKILL"));
    const exited = once(suite, "exit").then(([code]) => {
      throw new Error(`The suite exited with ${code}.`);
    });
    exited.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: suite.stdout }), "line"), exited]);
    const { pids, folders } = JSON.parse(String(line)) as { pids: number[]; folders: string[] };
    expect(pids.map(isAlive)).toEqual([true, true, true, true]);
    suite.kill(signal);
    await expect.poll(() => pids.filter(isAlive), { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => folders.filter((folder) => existsSync(folder)), { timeout: 60_000 }).toEqual([]);
  },
);
