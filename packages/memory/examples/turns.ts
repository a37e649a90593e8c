// A turn that outlives its writer: `REDIS_URL=redis://localhost:6379 node packages/memory/examples/turns.ts`
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@redis/client";
import { Turns } from "@redis-memory-magic/memory";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
const subscriber = client.duplicate();
for (const one of [client, subscriber]) one.on("error", (error) => console.error(error.message));
await Promise.all([client.connect(), subscriber.connect()]);

const turns = new Turns({ client, subscriber, ttlSeconds: 60 });
const session = `example-${Date.now()}`;

// Begin: the user's message is stored, the session is this turn's, and the history comes back.
const begun = await turns.begin(session, {
  content: "What is a durable answer?",
  history: { maxBytes: 64_000, window: "default" },
  idempotency: { key: "request-1", requestHash: "what-was-asked" },
});
if (begun.kind !== "begun") throw new Error(`not begun but ${begun.kind}`);
const { writer, messages } = begun;
console.log(`The model is sent ${messages.length} message.`);

// Follow, as another process would: from any position, during the turn or after it.
async function read(who: string, from: number): Promise<void> {
  let text = "";
  for await (const update of (await turns.follow(session, writer.id, { from })) ?? []) {
    if (update.type === "text") text += update.text;
    if (update.type === "end") console.log(`${who} saw it end as ${update.outcome.status}: ${text}`);
  }
}
const reader = read("A reader", 0);

// Write: what comes is shown after Redis has it. When the turn is cancelled elsewhere, the signal says so.
for (const word of ["One ", "that ", "a ", "crash ", "cannot ", "take ", "back."]) {
  if (writer.signal.aborted) break;
  writer.write(word);
  await sleep(10);
}

// End: the answer becomes a message, the turn's record is closed.
const { status, count } = await writer.end("completed", { info: { model: "none" } });
await reader;
await read("A late reader", 4);
console.log(`${status}, ${count} messages in the session.`);

// The same request again is the same turn.
const again = await turns.begin(session, {
  content: "What is a durable answer?",
  idempotency: { key: "request-1", requestHash: "what-was-asked" },
});
console.log(`Asked again: ${again.kind}.`);

client.destroy();
subscriber.destroy();
