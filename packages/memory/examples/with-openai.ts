// A chat that remembers, with the OpenAI SDK:
// `OPENAI_API_KEY=… REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-openai.ts "My name is Bob"`
import { createClient } from "@redis/client";
import { type Item, MessageHistory } from "@redis-memory-magic/memory";
import { fromChat, toChat } from "@redis-memory-magic/memory/openai";
import OpenAI from "openai";

const MODEL = process.env.OPENAI_MODEL ?? "gpt-5-mini";
const SYSTEM = { role: "system", content: "You are a helpful assistant." } as const;
const CONTEXT_TOKENS = 8_000;

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();
const history = new MessageHistory({ client, ttlSeconds: 3600 });
const openai = new OpenAI();

// About four characters a token; a tokenizer is exact. Parts and tool calls are sent too.
const countTokens = ({ content, parts, toolCalls }: Item): number =>
  Math.ceil((content.length + JSON.stringify([parts, toolCalls]).length) / 4) + 4;

async function reply(session: string, prompt: string): Promise<string> {
  await history.addMessage(session, { role: "user", content: prompt });
  const context = await history.getRecent(session, { for: "model", maxTokens: CONTEXT_TOKENS, countTokens });
  const completion = await openai.chat.completions.create({
    model: MODEL,
    messages: [SYSTEM, ...toChat(context)],
  });
  const message = completion.choices[0]?.message;
  if (message) await history.addMessage(session, fromChat(message));
  return message?.content ?? "";
}

const [prompt = "What is my name?", session = "example-openai"] = process.argv.slice(2);
console.log(await reply(session, prompt));
client.destroy();
