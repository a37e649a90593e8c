// A graph that remembers, and a memory across threads, on plain Redis:
// `REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-langgraph.ts`
import { AIMessage } from "@langchain/core/messages";
import { type LangGraphRunnableConfig, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { createClient } from "@redis/client";
import { RedisMemorySaver, RedisMemoryStore } from "@redis-memory-magic/memory/langgraph";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();

const name = `example-${Date.now()}`;
const checkpointer = new RedisMemorySaver({ client, name, ttlSeconds: 60 });
const store = new RedisMemoryStore({ client, name, ttlSeconds: 60 });

async function answer({ messages }: typeof MessagesAnnotation.State, config: LangGraphRunnableConfig) {
  const text = messages.at(-1)?.text ?? "";
  const [, named] = /My name is (\w+)/.exec(text) ?? [];
  if (named) await config.store?.put(["users", "1"], "name", { value: named });
  const known = await config.store?.get(["users", "1"], "name");
  return { messages: [new AIMessage(`Hello ${known?.value.value}! ${messages.length} messages so far.`)] };
}

const build = () =>
  new StateGraph(MessagesAnnotation)
    .addNode("answer", answer)
    .addEdge(START, "answer")
    .compile({ checkpointer, store });

async function ask(thread: string, content: string) {
  // Built anew each time, as another process would.
  const state = await build().invoke(
    { messages: [{ role: "user", content }] },
    { configurable: { thread_id: thread } },
  );
  console.log(`${thread}: ${state.messages.at(-1)?.text}`);
}

await ask("thread 1", "My name is Bob");
await ask("thread 1", "What is my name?");
await ask("thread 2", "What is my name?");

for (const thread of ["thread 1", "thread 2"]) await checkpointer.deleteThread(thread);
await store.delete(["users", "1"], "name");
client.destroy();
