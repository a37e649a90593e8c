import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { startServer } from "./servers.ts";

export const MASTER_NAME = "memory";
const SENTINELS = 3;
const DEADLINE_MS = 30_000;

/** A master, a replica, and three sentinels that watch them. */
export interface TestSentinel {
  /** Of the sentinels. */
  readonly ports: readonly number[];
  /** Kills the master; resolves when the sentinels have made the replica the master. */
  killMaster(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSentinel(binary: string): Promise<TestSentinel> {
  // A master waits for more replicas, before it begins with the first.
  const master = await startServer(binary, ["--repl-diskless-sync-delay", "0"]);
  const replica = await startServer(binary, ["--replicaof", "127.0.0.1", `${master.port}`]);
  const config = [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
    `sentinel failover-timeout ${MASTER_NAME} 3000`,
    "",
  ].join("\n");
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, () =>
      startServer(binary, ["--sentinel"], async (folder) => {
        const path = join(folder, "sentinel.conf");
        await writeFile(path, config);
        return [path];
      }),
    ),
  );
  const stop = async (): Promise<void> => {
    for (const server of [...sentinels, replica, master]) await server.stop();
  };
  const ports = sentinels.map(({ port }) => port);
  try {
    // They know each other and the replica: only then can they agree on a failover.
    for (const port of ports) {
      await until(async () => {
        const [state = []] = (await ask(port, ["SENTINEL", "MASTERS"])) as string[][];
        const field = (name: string) => state[state.indexOf(name) + 1];
        return field("num-slaves") === "1" && field("num-other-sentinels") === `${SENTINELS - 1}`;
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const killMaster = async (): Promise<void> => {
    await master.kill();
    await until(async () => {
      const [, port] = (await ask(ports[0], [
        "SENTINEL",
        "GET-MASTER-ADDR-BY-NAME",
        MASTER_NAME,
      ])) as string[];
      return port === `${replica.port}`;
    });
  };
  return { ports, killMaster, stop };
}

async function ask(port: number | undefined, command: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP: 2 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`the sentinels did not agree within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
