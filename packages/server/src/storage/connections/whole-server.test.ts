import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { startCluster } from "../../../../memory/test/cluster.ts";
import { MASTER_NAME, startSentinel } from "../../../../memory/test/sentinel.ts";
import { serverBinary } from "../../../../memory/test/servers.ts";
import { startTestServer } from "../../../test/test-server.ts";
import { owner } from "../../commands/owner-command.ts";
import { IdentityStore } from "../identity-store.ts";
import { keysMatching } from "../scan.ts";

const hostsOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join();

const TOPOLOGIES = {
  cluster: async () => {
    const cluster = await startCluster(serverBinary());
    onTestFinished(() => cluster.stop());
    return `redis+cluster://${hostsOf(cluster.ports)}`;
  },
  sentinel: async () => {
    const sentinel = await startSentinel(serverBinary());
    onTestFinished(() => sentinel.stop());
    return `redis+sentinel://${hostsOf(sentinel.ports)}/${MASTER_NAME}`;
  },
};

test.each(Object.entries(TOPOLOGIES))(
  "%s: keys, limits, turns, sessions, and all of an owner erased",
  async (_, start) => {
    const env = {
      REDIS_URL: await start(),
      AUTH: "keys",
      LIMIT_REQUESTS_PER_MINUTE: "30",
      LIMIT_SESSIONS: "20",
    };
    const server = await startTestServer({ env });
    // The masters of a Cluster are connected to one after the other, and each has a third of these slots.
    const { client } = server.redis;
    const slots = Array.from({ length: 64 }, (_, n) => ({ keys: [`{${n}}`], arguments: [] }));
    await vi.waitFor(() => Promise.all(slots.map((slot) => client.eval("return 1", slot))), 30_000);
    const as = async (name: string) => ({
      authorization: `Bearer ${(await server.apiKeys.create({ owner: name })).key}`,
    });
    const [alice, bob] = [await as("alice"), await as("bob")];
    const ask = (session_id: string, headers: Record<string, string>) => {
      const body = { message: "Hi", mode: "stateful", provider: "mirror", session_id };
      return server.inject("POST", "/chat", body, headers);
    };
    // Each in a slot of its own.
    const ids = Array.from({ length: 20 }, (_, n) => `session-${n}`);
    for (const id of ids) {
      expect((await ask(id, alice)).json()).toMatchObject({ stored: true, message_count: 2 });
    }
    await ask("bobs", bob);
    const sessions = async () => (await server.inject("GET", "/sessions?limit=100", undefined, alice)).json();
    await expect.poll(async () => (await sessions()).sessions?.length).toBe(20);
    expect((await ask("one-too-many", alice)).json().code).toBe("storage_limit_reached");
    const statuses = await Promise.all(ids.map(async (id) => (await ask(id, alice)).statusCode));
    expect(statuses).toContain(429);

    const { config, redis, name } = server;
    const out: string[] = [];
    await owner(["erase", "alice"], {
      config,
      redis,
      name,
      identities: new IdentityStore(redis.client, name),
      log: pino({ enabled: false }),
      print: (text) => void out.push(text),
    });
    expect(out.join("")).toMatch(
      /^Erased of alice: 20 sessions in \d+ keys of Redis, 1 API key, 0 logins\. Left: 0\.\n$/,
    );
    const left = await Array.fromAsync(keysMatching(redis.client, `${name}:*`));
    expect(left.filter((key) => key.includes("alice"))).toEqual([]);
    expect(left.some((key) => key.includes("{bob/bobs}"))).toBe(true);
  },
  60_000,
);
