import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { chat, THROUGH_NGINX } from "../http.ts";
import { CONTAINERS, type Product } from "../product.ts";
import { overlay } from "./overlays/overlay.ts";
import { replicated } from "./overlays/several.ts";

const REDISES = ["redis-memory", "redis-replica"];
const SENTINELS = ["sentinel-1", "sentinel-2", "sentinel-3"];

/** What was said last is there, whatever died, was stopped, or was lost before. */
export function newerData(product: Product): void {
  const askForName = async () => (await chat(THROUGH_NGINX, "newer", "What is my name?")).response;
  const remembers = (name: string) =>
    until(
      `it remembers ${name}`,
      async () => (await askForName().catch(() => "")).includes(`My name is ${name}`),
      60_000,
    );
  const say = (name: string) =>
    until(
      `${name} is stored`,
      async () => (await chat(THROUGH_NGINX, "newer", `My name is ${name}`)).stored,
      60_000,
    );
  const redisIn = async (container: string, command: string) =>
    (await product.run(`docker exec ${container} redis-cli ${command}`)).trim();
  const isMaster = async (container: string) => (await redisIn(container, "role")).startsWith("master");
  const knowTheReplica = async () => {
    for (const sentinel of SENTINELS)
      await until(
        `${sentinel} knows the replica`,
        async () =>
          /slaves=1,sentinels=3/.test(
            await product.run(`docker-compose exec -T ${sentinel} redis-cli -p 26379 info sentinel`),
          ),
        60_000,
      );
  };
  const volume = async (name: string) =>
    (await product.run("docker volume ls -q")).split("\n").find((line) => line.endsWith(`_${name}`)) ?? "";
  const withSentinels = {
    ...overlay("sentinel"),
    BACKEND_REDIS_URL: "redis+sentinel://sentinel-1,sentinel-2,sentinel-3/memory",
  };

  check("one Redis: killed, down and up", async () => {
    await say("Alice");
    await product.run("docker kill redis-memory");
    await product.down();
    await product.up();
    await remembers("Alice");
    return "Alice";
  });
  check("sentinel: after a failover, down and up keep what the new master has", async () => {
    product.configure(withSentinels);
    await product.up([...CONTAINERS, "redis-replica"]);
    await replicated(product, "redis-memory", 1);
    await knowTheReplica();
    await product.run("docker kill redis-memory");
    await say("Carol");
    await product.down();
    await product.up([...CONTAINERS, "redis-replica"]);
    await remembers("Carol");
    expect([await isMaster("redis-memory"), await isMaster("redis-replica")]).toEqual([false, true]);
    return "Carol; redis-replica stays the master";
  });
  check("sentinel: all killed and started in any order, as by a reboot", async () => {
    await replicated(product, "redis-replica", 1);
    await say("Dora");
    const all = (await product.run("docker-compose ps -q")).trim().split(/\s+/).join(" ");
    await product.run(`docker kill ${all}`);
    await product.run(`docker start chat-backend redis-memory`);
    await product.run(`docker start ${all}`);
    await remembers("Dora");
    return "Dora";
  });
  check(
    "sentinel: a master whose volume is lost does not start empty, and its replica takes over",
    async () => {
      await knowTheReplica();
      await product.down();
      await product.run(`docker volume rm ${await volume("redis-replica-data")}`);
      await product.up([...CONTAINERS, "redis-replica"]);
      await remembers("Dora");
      expect(await isMaster("redis-memory")).toBe(true);
      return "Dora; redis is the master";
    },
  );
  check("sentinel: new sentinels do not make older data the master, and the operator chooses", async () => {
    await replicated(product, "redis-memory", 1);
    await knowTheReplica();
    await product.run("docker kill redis-memory");
    await say("Erin");
    await product.down();
    for (const sentinel of SENTINELS)
      await product.run(`docker volume rm ${await volume(`${sentinel}-data`)}`);
    // As if an hour lay between the two: the files' times are what tells them apart.
    await product.run(
      `docker run --rm -u 0 -v ${await volume("redis-data")}:/data redis-memory-magic-backend find /data -name "*.aof" -exec touch -d "1 hour ago" {} +`,
    );
    await product.attempt(`docker-compose up -d redis redis-replica ${SENTINELS.join(" ")}`, 120_000);
    let log = "";
    await until(
      "redis refuses",
      async () => {
        log = await product.run("docker logs redis-memory 2>&1");
        return log.includes("REDIS_MASTER=redis-replica docker compose up -d");
      },
      90_000,
    );
    await product.down();
    product.configure({ ...withSentinels, REDIS_MASTER: "redis-replica" });
    await product.up([...CONTAINERS, ...REDISES]);
    await remembers("Erin");
    return /Nothing says which[^\n]*/.exec(log)?.[0] ?? "";
  });
  check("cluster: a master killed, down and up", async () => {
    await product.down("-v");
    product.configure({ ...overlay("cluster"), BACKEND_REDIS_URL: "redis+cluster://redis,redis-2,redis-3" });
    await product.up();
    for (const master of ["redis-memory", "redis-2", "redis-3"]) await replicated(product, master, 1);
    await say("Fred");
    const slot = await redisIn("redis-memory", "cluster keyslot {newer}");
    const nodes = await redisIn("redis-memory", "cluster slots");
    expect(nodes.length).toBeGreaterThan(Number(slot) >= 0 ? 0 : 1);
    await product.run("docker kill redis-2");
    await say("Gina");
    await product.down();
    await product.up();
    await remembers("Gina");
    await product.down("-v");
    return "Gina";
  });
}
