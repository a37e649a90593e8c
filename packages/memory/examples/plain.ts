// A conversation that is remembered: `REDIS_URL=redis://localhost:6379 node packages/memory/examples/plain.ts`
import { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();

const history = new MessageHistory({ client, ttlSeconds: 60 });
const session = `example-${Date.now()}`;

await history.store(session, "My name is Bob", "Hello Bob!");
await history.addMessages(session, [
  { role: "user", content: "What is 6 times 7?" },
  {
    role: "assistant",
    content: "",
    toolCalls: [{ id: "call_1", name: "multiply", arguments: '{"a":6,"b":7}' }],
  },
  { role: "tool", content: "42", toolCallId: "call_1" },
  { role: "assistant", content: "42.", metadata: { model: "example" } },
]);

for await (const { role, content } of history.messages(session)) console.log(`${role}: ${content}`);

// The cut falls between the call and its result: neither is kept.
const last = await history.getRecent(session, { k: 2 });
console.log(last.map(({ role }) => role));

console.log(`${await history.count(session)} messages, ${await history.ttl(session)} seconds left`);
await history.clear(session);
client.destroy();
