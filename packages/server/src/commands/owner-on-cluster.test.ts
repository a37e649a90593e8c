import { createCluster } from "@redis/client";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { startCluster } from "../../../memory/test/cluster.ts";
import { serverBinary } from "../../../memory/test/servers.ts";
import { SessionStore } from "../chat/session-store.ts";
import { loadConfig } from "../config/config.ts";
import { ApiKeys } from "../identity/api-keys.ts";
import { CallerQuota } from "../limits/storage-quota.ts";
import { TurnSlots } from "../limits/turn-slots.ts";
import { UsageCounter } from "../limits/usage-counter.ts";
import { UsageLimits } from "../limits/usage-limits.ts";
import { IdentityStore } from "../storage/identity-store.ts";
import type { Redis } from "../storage/redis.ts";
import { owner } from "./owner-command.ts";

const SESSIONS = 30;

test("on a Cluster too, all that is kept of an owner is exported, and erased from every node", async () => {
  const cluster = await startCluster(serverBinary());
  onTestFinished(() => cluster.stop());
  const client = createCluster({
    rootNodes: cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
  });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  const redis = { client, subscriber: client } as unknown as Redis;
  const name = "chat";
  const config = loadConfig({ AUTH: "keys", LIMIT_STORED_BYTES: "1000000" });
  const identities = new IdentityStore(redis.client, name);
  const limits = new UsageLimits(
    config.limits,
    new UsageCounter(redis.client, name),
    new TurnSlots(redis.client, name),
  );
  for (const subject of ["alice", "bob"]) {
    await new ApiKeys(identities).create({ owner: subject });
    await identities.write("login", `of ${subject}`, JSON.stringify({ owner: subject }), 60);
    const account = limits.ownerAccount({ owner: subject, group: null, via: "key" });
    await limits.takeRequest(account);
    const options = { client: redis.client, name, owner: subject };
    const sessions = new SessionStore(options);
    const quota = new CallerQuota(limits, [account], { ...options, maxBytes: 1_000_000 });
    for (let n = 0; n < SESSIONS; n++) {
      await sessions.append(`s${n}`, [{ role: "user", content: `${subject}'s` }], quota);
    }
  }
  const perNode = () =>
    Promise.all(
      client.masters.map(async (master) => {
        const keys = await (await client.nodeClient(master)).keys("*");
        return {
          alice: keys.filter((key) => key.includes("alice")),
          bob: keys.filter((key) => key.includes("bob")),
        };
      }),
    );
  const before = await perNode();
  for (const { alice } of before) expect(alice.length).toBeGreaterThan(10);

  const run = async (action: string): Promise<string> => {
    const out: string[] = [];
    const print = (text: string): void => void out.push(text);
    const log = pino({ level: "silent" });
    await owner([action, "alice"], { config, redis, identities, name, log, print });
    return out.join("");
  };
  const document = JSON.parse(await run("export"));
  expect(document.sessions).toHaveLength(SESSIONS);
  expect(document.sessions[0].messages[0].content).toBe("alice's");
  expect(document.api_keys).toHaveLength(1);

  expect(await run("erase")).toMatch(
    /^Erased of alice: 30 sessions in \d+ keys of Redis, 1 API key, 1 login\. Left: 0\.\n$/,
  );
  const after = await perNode();
  expect(after.map(({ alice }) => alice)).toEqual([[], [], []]);
  expect(after.map(({ bob }) => bob.toSorted())).toEqual(before.map(({ bob }) => bob.toSorted()));
  expect([...(await identities.all("login")).keys()]).toEqual(["of bob"]);
}, 60_000);
