// An agent that remembers, with the OpenAI Agents SDK:
// `OPENAI_API_KEY=… REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-openai-agents.ts "My name is Bob"`
import { Agent, run, setOpenAIAPI } from "@openai/agents";
import { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";
import { RedisMemorySession } from "@redis-memory-magic/memory/openai-agents";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();
const history = new MessageHistory({ client, ttlSeconds: 3600 });

// Most servers that are not OpenAI's speak Chat Completions only.
if (process.env.OPENAI_BASE_URL !== undefined) setOpenAIAPI("chat_completions");

const agent = new Agent({
  name: "Assistant",
  instructions: "You are a helpful assistant.",
  model: process.env.OPENAI_MODEL ?? "gpt-5-mini",
});
const [prompt = "What is my name?", id = "example-openai-agents"] = process.argv.slice(2);
const { finalOutput } = await run(agent, prompt, { session: new RedisMemorySession(history, id) });
console.log(finalOutput);
client.destroy();
