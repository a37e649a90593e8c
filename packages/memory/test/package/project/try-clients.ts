// A conversation on each client that this runtime has: a turn that is followed, a search by words and by meaning.
import assert from "node:assert/strict";
import { createClient } from "@redis/client";
import {
  type Embedder,
  MessageHistory,
  type RedisClient,
  type Subscriber,
  Turns,
} from "@redis-memory-magic/memory";
import { createMemoryClient } from "@redis-memory-magic/memory/testing";
import { Redis } from "ioredis";

const url = process.env.REDIS_URL ?? "redis://localhost:6379";
const embedder: Embedder = {
  model: "allergies",
  dimensions: 2,
  embed: async (texts) => texts.map((text) => Float32Array.of(text.includes("allergic") ? 1 : 0, 1)),
};

async function converse(client: RedisClient, subscriber: Subscriber): Promise<void> {
  const options = { client, name: `try-${crypto.randomUUID()}`, ttlSeconds: 60, recall: true, embedder };
  const history = new MessageHistory(options);
  const turns = new Turns({ ...options, subscriber });
  await history.store("s", "I am allergic to peanuts.", "I will remember that.");
  const begun = await turns.begin("s", { content: "What is the capital of Peru?" });
  assert(begun.kind === "begun");
  const updates = await turns.follow("s", begun.writer.id);
  assert(updates !== null);
  for (const piece of ["It is ", "Lima", "."]) begun.writer.write(piece);
  await begun.writer.end("completed");
  let followed = "";
  for await (const update of updates) if (update.type === "text") followed += update.text;
  assert.equal(followed, "It is Lima.");
  await history.embedTurns("s");
  const budget = { maxTokens: 10, countTokens: () => 5, minCoverage: 0 };
  const found = await history.search("s", "Which foods am I allergic to?", budget);
  assert.deepEqual(
    found.messages.map(({ content }) => content),
    ["I am allergic to peanuts.", "I will remember that."],
  );
  assert.deepEqual(found.vectors, { compared: 2, damaged: 0 });
  await history.clear("s");
}

const client = await createClient({ url }).on("error", console.error).connect();
const subscriber = await client.duplicate().connect();
await converse(client, subscriber);
const ioredis = new Redis(url, { autoResendUnfulfilledCommands: false });
const ioredisSubscriber = ioredis.duplicate();
await converse(ioredis, ioredisSubscriber);
const inMemory = await createMemoryClient();
await converse(inMemory, inMemory);
const tried = ["@redis/client", "ioredis", "the in-memory client"];
// Bun has a client of its own.
const { Bun } = globalThis as { Bun?: { RedisClient: new (url: string) => RedisClient & { close(): void } } };
if (Bun) {
  const own = new Bun.RedisClient(url);
  await converse(own, subscriber);
  own.close();
  tried.push("Bun's own client");
}
client.destroy();
subscriber.destroy();
ioredis.disconnect();
ioredisSubscriber.disconnect();
console.log(tried.join(", "));
