import { createClient, RESP_TYPES } from "@redis/client";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { MessageHistory, type NodeRedisClient, type RedisClient, Turns } from "../src/index.ts";
import { connectNodeRedis, removeKeys, testRedisUrl, uniqueName } from "./redis.ts";

const name = uniqueName();
afterEach(async () => {
  const redis = await connectNodeRedis();
  await removeKeys(redis, name);
  await redis.close();
});

async function open(options: Parameters<typeof createClient>[0] = {}) {
  const client = createClient({ url: testRedisUrl(), ...options });
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  return client.connect();
}

const withBuffers = () => open({ commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } });

/** A RESP2 connection of `@redis/client` returns Buffers from then on. */
async function subscribedBefore() {
  const client = await open({ RESP: 2 });
  const listener = () => {};
  await client.subscribe(`${name}:channel`, listener);
  await client.unsubscribe(`${name}:channel`, listener);
  return client;
}

test.each([
  ["set to return Buffers", withBuffers],
  ["that was subscribed", subscribedBefore],
])("a client %s is used as any other", async (_, connect) => {
  const client = (await connect()) as NodeRedisClient;
  const history = new MessageHistory({ client, name });
  const message = { role: "user", content: "\uFEFFé🎉", id: "a" } as const;
  await history.addMessage("s", message);
  await expect(history.addMessage("s", message)).rejects.toMatchObject({ code: "duplicate_id" });
  expect(await history.getRecent("s")).toMatchObject([message]);
  expect(await history.drop("s", "unknown")).toBe(false);
  expect(await history.info("unknown")).toBeNull();
  const turns = new Turns({ client, name });
  const begun = await turns.begin("s", { content: "x" });
  expect(await turns.begin("s", { content: "x" })).toMatchObject({ kind: "busy" });
  if (begun.kind === "begun") expect(await begun.writer.end("completed")).toMatchObject({ count: 2 });
});

test.each<[string, () => Promise<unknown>]>([
  ["a pipeline, which returns itself", async () => "QUEUED"],
  ["a reply without a time", async () => ["ok"]],
  ["an unknown status", async () => ["OK", 5]],
])("%s is a TypeError that says what to pass", async (_, reply) => {
  const client: NodeRedisClient = { evalSha: reply, eval: async () => ["1000", "0"] };
  const history = new MessageHistory({ client, name });
  await expect(history.count("s")).rejects.toThrow(/^client does not return .*pass a connected client/);
  await expect(history.count("s")).rejects.toThrow(TypeError);
});

test("a client that is subscribed is a TypeError that says so", async () => {
  const client = await open({ RESP: 2 });
  await client.subscribe(`${name}:channel`, () => {});
  const history = new MessageHistory({ client: client as NodeRedisClient, name });
  await expect(history.count("s")).rejects.toThrow("client is subscribed to channels");
});

test("a client with the methods of ioredis and other arguments is refused when it is given", () => {
  // As of @upstash/redis.
  const client = { eval: async () => null, evalsha: async () => null, createScript: () => ({}) };
  expect(() => new MessageHistory({ client: client as unknown as RedisClient, name })).toThrow(
    /^client is Upstash's REST client/,
  );
});
