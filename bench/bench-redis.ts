import { randomBytes } from "node:crypto";
import { createClient } from "@redis/client";
import { serverBinary, startServer } from "../packages/memory/test/servers.ts";
import { redisCpuSeconds, redisVersion } from "./redis-info.ts";

/** Connects to a Redis of its own, or to that of TEST_REDIS_URL. All keys of the bench begin with `name`. */
export async function connectBench() {
  const server = process.env.TEST_REDIS_URL === undefined ? await startServer(serverBinary()) : undefined;
  const client = createClient({
    url: server?.url ?? process.env.TEST_REDIS_URL ?? "",
    // The client's timeout costs more than the commands; each operation has its own deadline.
    commandOptions: { timeout: 0 },
  });
  client.on("error", () => {});
  await client.connect();
  const name = `bench:${randomBytes(4).toString("hex")}`;
  const keysOf = async (...patterns: string[]): Promise<string[]> =>
    (await Promise.all(patterns.map((pattern) => client.keys(pattern)))).flat();
  const removeKeys = async (...patterns: string[]): Promise<void> => {
    const keys = await keysOf(...patterns);
    for (let from = 0; from < keys.length; from += 500) await client.unlink(keys.slice(from, from + 500));
  };
  return {
    client,
    name,
    keysOf,
    removeKeys,
    version: async () => redisVersion(await client.info("server")),
    cpuSeconds: async () => redisCpuSeconds(await client.info("cpu")),
    close: async (): Promise<void> => {
      await removeKeys(`${name}*`);
      client.destroy();
      await server?.stop();
    },
  };
}
