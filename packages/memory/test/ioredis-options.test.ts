// What ioredis does by its options to keys and replies, which a library does not see.
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { MessageHistory, Turns } from "../src/index.ts";
import { connectIoRedis, removeKeys, testRedisUrl, uniqueName } from "./redis.ts";

const opened: Redis[] = [];
const names: string[] = [];
afterEach(async () => {
  const redis = await connectIoRedis();
  for (const name of names.splice(0)) await removeKeys(redis, name);
  await redis.close();
  for (const client of opened.splice(0)) client.disconnect();
});

function connect(options: { keyPrefix?: string; stringNumbers?: boolean } = {}): Redis {
  const client = new Redis(testRedisUrl(), { ...options, autoResendUnfulfilledCommands: false });
  opened.push(client);
  return client;
}

function newName(): string {
  const name = uniqueName();
  names.push(name);
  return name;
}

test("with stringNumbers, all is as without", async () => {
  const name = newName();
  const client = connect({ stringNumbers: true });
  const history = new MessageHistory({ client, name });
  const added = await history.addMessages("s", [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ]);
  const stored = await history.getRecent("s", { maxTokens: 10, countTokens: () => 1 });
  expect(added.map(({ id, createdAt }) => ({ id, createdAt }))).toEqual(
    stored.map(({ id, createdAt }) => ({ id, createdAt })),
  );
  expect(added.map(({ count }) => count)).toEqual([1, 2]);
  expect((await history.info("s"))?.expiresAt.getTime()).toBeGreaterThan(Date.now());
  // In more pages than one.
  for (let n = 0; n < 200; n += 1) await history.addMessage("s", { role: "user", content: `${n}` });
  expect(await history.getRecent("s", { maxTokens: 1000, countTokens: () => 1 })).toHaveLength(202);
  const begun = await new Turns({ client, name }).begin("s", { content: "c" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.write("d");
  expect(await begun.writer.end("completed")).toMatchObject({ status: "completed", count: 204 });
  expect(await history.clear("s")).toBe(true);
});

test("with a keyPrefix, followers are woken", async () => {
  const name = newName();
  const keyPrefix = `${name}:`;
  const client = connect({ keyPrefix });
  const subscriber = connect({ keyPrefix });
  const [turns, elsewhere] = [1, 2].map(() => new Turns({ client, subscriber })) as [Turns, Turns];
  const begun = await turns.begin("s", { content: "Hi" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  const updates = await elsewhere.follow("s", begun.writer.id);
  const channels = () => connect().pubsub("CHANNELS", `${name}:*`);
  await expect.poll(channels).toEqual([`${name}:chat_history:{s}:log`]);
  await begun.writer.end("completed");
  await Array.fromAsync(updates ?? []);
  await expect.poll(channels).toEqual([]);
});

test("however many instances there are, as there is one for each owner, a subscriber gets one listener", async () => {
  const client = connect();
  const subscriber = connect();
  for (let n = 0; n < 20; n++) new Turns({ client, subscriber, owner: `owner-${n}` });
  expect(subscriber.listenerCount("message")).toBe(1);
});
