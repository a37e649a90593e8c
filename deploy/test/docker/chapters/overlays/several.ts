import { expect } from "vitest";
import { check } from "../../check.ts";
import { until } from "../../expect.ts";
import { chat, slowTurn, THROUGH_NGINX } from "../../http.ts";
import { CONTAINERS, type Product } from "../../product.ts";
import { readUntilBroken, resume, textOf } from "../streams.ts";
import { overlay } from "./overlay.ts";

/** More than one backend, and more than one Redis. */
export function several(product: Product): void {
  check(
    "several-backends: a turn begun at one is read again, and none is lost when backends go",
    async () => {
      product.configure(overlay("several-backends"));
      await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
      for (let turn = 0; turn < 12; turn++) await chat(THROUGH_NGINX, `spread-${turn}`, "Hello");
      const answered = await Promise.all(
        ["chat-backend", "chat-backend-2", "chat-backend-3"].map(
          async (name) => (await product.run(`docker logs ${name}`)).split('"provider":"mirror"').length - 1,
        ),
      );
      if (answered.filter((turns) => turns > 0).length < 2) throw new Error(`turns: ${answered}`);
      const seen = await readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn("several", 40, 50));
      const [started] = seen;
      if (started === undefined) throw new Error("nothing was streamed");
      const again = await resume(`${THROUGH_NGINX}`, "several", [started]);
      expect(textOf(again), "the text that is read again").toEqual(seen.at(-1)?.data.response);
      await product.run("docker stop chat-backend-2", 30_000);
      for (let turn = 0; turn < 6; turn++) await chat(THROUGH_NGINX, `stopped-${turn}`, "Hello");
      await product.run("docker kill chat-backend-3", 30_000);
      for (let turn = 0; turn < 6; turn++) await chat(THROUGH_NGINX, `killed-${turn}`, "Hello");
      return `12 turns on ${answered.join(" + ")}; 12 more while two of them went, none lost`;
    },
  );
  check("several-backends: each restarted in turn, under load, without a failed answer", () =>
    oneAfterTheOther(product, "docker-compose restart"),
  );
  check("several-backends: each recreated in turn, as by an upgrade, without a failed answer", () =>
    oneAfterTheOther(product, "docker-compose up -d --no-deps --force-recreate"),
  );
  check("sentinel: the master dies, the replica takes over, conversations go on", async () => {
    product.configure({
      ...overlay("sentinel", "several-backends"),
      BACKEND_REDIS_URL: "redis+sentinel://sentinel-1,sentinel-2,sentinel-3/memory",
    });
    await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
    await replicated(product, "redis-memory", 1);
    for (const sentinel of ["sentinel-1", "sentinel-2", "sentinel-3"]) await knowsAll(product, sentinel);
    return goesOnWithout(product, "redis-memory");
  });
  check("cluster: a master dies, its replica takes over, conversations go on", async () => {
    product.configure({
      ...overlay("cluster", "several-backends"),
      BACKEND_REDIS_URL: "redis+cluster://redis,redis-2,redis-3",
    });
    await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
    for (const master of ["redis-memory", "redis-2", "redis-3"]) await replicated(product, master, 1);
    return goesOnWithout(product, "redis-2");
  });
}

const SESSIONS = 12;
const FAILED_OVER_WITHIN_MS = 40_000;

/** Until a master has so many replicas that have all it has. */
export const replicated = (product: Product, master: string, replicas: number): Promise<number> =>
  until(
    `${master} has a replica`,
    async () =>
      (await product.attempt(`docker exec ${master} redis-cli WAIT ${replicas} 1000`)).output.trim() ===
      `${replicas}`,
    FAILED_OVER_WITHIN_MS,
  );

/** Sentinels look for replicas every 10 s: none is made the master that they have not seen before the master died. */
const knowsAll = (product: Product, sentinel: string): Promise<number> =>
  until(
    `${sentinel} knows the replica and the other sentinels`,
    async () =>
      (
        await product.attempt(`docker-compose exec -T ${sentinel} redis-cli -p 26379 INFO sentinel`)
      ).output.includes("slaves=1,sentinels=3"),
    FAILED_OVER_WITHIN_MS,
  );

/** Conversations in every slot range, before a Redis is killed and after. */
async function goesOnWithout(product: Product, container: string): Promise<string> {
  const sessions = Array.from({ length: SESSIONS }, (_, n) => `goes-on-${n}`);
  for (const session of sessions) await chat(THROUGH_NGINX, session, "My name is Bob");
  await product.run(`docker kill ${container}`, 30_000);
  const killedAt = performance.now();
  for (const session of sessions) {
    await until(
      `${session} goes on`,
      async () => {
        const { response } = await chat(THROUGH_NGINX, session, "Who am I?").catch(() => ({ response: "" }));
        return response.includes("My name is Bob");
      },
      FAILED_OVER_WITHIN_MS,
    );
  }
  return `all of ${SESSIONS} conversations remember, ${((performance.now() - killedAt) / 1000).toFixed(1)} s after ${container} was killed`;
}

/** Sends turns all the time while a command runs for each of the backends. */
async function oneAfterTheOther(product: Product, command: string): Promise<string> {
  await product.up([...CONTAINERS, "chat-backend-2", "chat-backend-3"]);
  let over = false;
  let turns = 0;
  const asking = Array.from({ length: 4 }, async (_, person) => {
    while (!over) {
      const seen = await readUntilBroken(
        `${THROUGH_NGINX}/chat`,
        slowTurn(`rolling-${person}-${turns++}`, 20, 50),
      );
      const end = seen.at(-1);
      if (end?.event !== "turn-completed") throw new Error(`told ${JSON.stringify(end)}`);
    }
  });
  const restarting = (async () => {
    for (const name of ["backend", "backend-2", "backend-3"]) {
      await product.run(`${command} ${name}`, 60_000);
      const healthy = async () => (await product.health(`chat-${name}`)) === "healthy";
      await until(`${name} is healthy`, healthy, 60_000);
    }
  })().finally(() => {
    over = true;
  });
  await Promise.all([restarting, ...asking]);
  return `${turns} answers, all of them whole`;
}
