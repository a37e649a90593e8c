import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import Fastify, { type FastifyRequest } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../config/config.ts";
import type { Identity } from "../../identity/identity.ts";
import type { CredentialKind } from "../../identity/principal.ts";
import { TurnSlots } from "../../limits/turn-slots.ts";
import { UsageCounter } from "../../limits/usage-counter.ts";
import { UsageLimits } from "../../limits/usage-limits.ts";
import { createLog } from "../../observability/log.ts";
import { ActiveRequests } from "./active-requests.ts";
import { authenticate } from "./authenticate.ts";
import { limitOwners } from "./limit-requests.ts";

const OFF = { LIMIT_REQUESTS_PER_MINUTE: "off", LIMIT_ADDRESS_REQUESTS_PER_MINUTE: "off" };

/** Routes that are answered when the test says so. */
async function start(via: CredentialKind) {
  const identify: Identity["identify"] = async ({ bearer }) => ({
    principal: { owner: bearer ?? "", group: null, via },
  });
  const identity = { methods: [], guests: null, identify } as unknown as Identity;
  const live = new ActiveRequests(identity, createLog("silent"));
  const app = Fastify();
  authenticate(app, { identity, live, publicUrl: "http://localhost" });
  const { limits } = loadConfig({ AUTH: "keys", ...OFF });
  // Nothing that these routes need is counted in Redis.
  const client = { eval: () => Promise.reject(new Error("not expected")), zRem: async () => 0 };
  limitOwners(app, new UsageLimits(limits, new UsageCounter(client, "test"), new TurnSlots(client, "test")));
  const working: string[] = [];
  const release: (() => void)[] = [];
  const handler = async ({ headers }: FastifyRequest) => {
    working.push(headers.authorization?.slice("Bearer ".length) ?? "");
    await new Promise<void>((resolve) => release.push(resolve));
    return "";
  };
  app.get("/data", handler);
  app.get("/turn", { config: { concurrency: "turn" } }, handler);
  const errors: string[] = [];
  app.setErrorHandler((error: Error) => {
    errors.push(error.message);
    throw error;
  });
  await app.ready();
  onTestFinished(async () => {
    live.close();
    for (const end of release.splice(0)) end();
    await app.close();
  });
  const ask = (owner: string, url = "/data") =>
    app.inject({ url, headers: { authorization: `Bearer ${owner}` } }).then(({ statusCode }) => statusCode);
  return { app, ask, working, release, errors };
}

test("handles eight requests of an owner at once; waiting ones do not block other owners", async () => {
  const { ask, working, release } = await start("key");
  const answers = Array.from({ length: 10 }, () => ask("alice"));
  await expect.poll(() => working.length).toBe(8);
  const others = [ask("bob"), ask("alice", "/turn")];
  await expect.poll(() => working.slice(8).sort()).toEqual(["alice", "bob"]);
  release.shift()?.();
  await expect.poll(() => working.length).toBe(11);
  while (working.length < 12 || release.length > 0) {
    release.shift()?.();
    await nextTurn();
  }
  expect(new Set(await Promise.all([...answers, ...others]))).toEqual(new Set([200]));
});

test("guests of one address share its limit", async () => {
  const { ask, working } = await start("guest");
  for (let n = 0; n < 10; n++) void ask(`guest:${n}`);
  await expect.poll(() => working.length).toBe(8);
  void ask("guest:turn", "/turn");
  // Asked last and worked on: the two before it wait.
  await expect.poll(() => working.at(-1)).toBe("guest:turn");
  expect(working).toHaveLength(9);
});

test("a client that disconnects while its request waits is no error", async () => {
  const { app, ask, working, errors } = await start("key");
  await app.listen({ host: "127.0.0.1", port: 0 });
  for (let n = 0; n < 8; n++) void ask("alice");
  await expect.poll(() => working.length).toBe(8);
  const connected = once(app.server, "connection");
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = await connected;
  const requested = once(app.server, "request");
  client.write("GET /data HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer alice\r\n\r\n");
  const [, response] = await requested;
  await nextTurn();
  client.destroy();
  await Promise.all([once(socket, "close"), once(response, "close")]);
  await nextTurn();
  expect(errors).toEqual([]);
});
