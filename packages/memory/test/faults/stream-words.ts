// Streams an answer to its client, which is stdout: what stands there was shown. It is killed on the way.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createResumableStreamContext } from "resumable-stream/ioredis";
import { Turns } from "../../src/index.ts";
import { connectNodeRedis } from "../redis.ts";

const [, , url = "", way = "", id = ""] = process.argv;

async function* words(): AsyncGenerator<string> {
  for (let n = 0; n < 1000; n++) {
    yield `word${n} `;
    await sleep(5);
  }
}

if (way === "resumable-stream") {
  const [publisher, subscriber] = [new Redis(url), new Redis(url)];
  const context = createResumableStreamContext({ waitUntil: null, publisher, subscriber });
  const shown = await context.createNewResumableStream(id, () => ReadableStream.from(words()));
  for await (const piece of shown ?? []) process.stdout.write(piece);
} else {
  const { client, subscriber } = await connectNodeRedis(url);
  const turns = new Turns({ client, subscriber, leaseMs: 500 });
  const begun = await turns.begin(id, { content: "Hi" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  const updates = await turns.follow(id, begun.writer.id);
  const shown = (async () => {
    for await (const update of updates ?? []) if (update.type === "text") process.stdout.write(update.text);
  })();
  for await (const word of words()) begun.writer.write(word);
  await shown;
}
