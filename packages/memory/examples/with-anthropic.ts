// A chat that remembers, with the Anthropic SDK:
// `ANTHROPIC_API_KEY=… REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-anthropic.ts "My name is Bob"`
import Anthropic from "@anthropic-ai/sdk";
import { createClient } from "@redis/client";
import { type Item, MessageHistory } from "@redis-memory-magic/memory";
import { fromAnthropic, toAnthropic } from "@redis-memory-magic/memory/anthropic";

const MODEL = process.env.ANTHROPIC_MODEL ?? "claude-sonnet-4-5";
const CONTEXT_TOKENS = 8_000;

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();
const history = new MessageHistory({ client, ttlSeconds: 3600 });
const anthropic = new Anthropic();

// About four characters a token. Parts and tool calls are sent too.
const countTokens = ({ content, parts, toolCalls }: Item): number =>
  Math.ceil((content.length + JSON.stringify([parts, toolCalls]).length) / 4) + 4;

async function reply(session: string, prompt: string): Promise<string> {
  await history.addMessage(session, { role: "user", content: prompt });
  const context = await history.getRecent(session, { for: "model", maxTokens: CONTEXT_TOKENS, countTokens });
  const answer = await anthropic.messages.create({
    model: MODEL,
    max_tokens: 1_024,
    ...toAnthropic([{ role: "system", content: "You are a helpful assistant." }, ...context]),
  });
  const items = fromAnthropic(answer);
  await history.addMessages(session, items);
  return items.map(({ content }) => content).join("");
}

const [prompt = "What is my name?", session = "example-anthropic"] = process.argv.slice(2);
console.log(await reply(session, prompt));
client.destroy();
