// A chat that remembers, with the OpenAI SDK:
// `OPENAI_API_KEY=… REDIS_URL=redis://localhost:6379 node packages/memory/examples/with-openai.ts "My name is Bob"`
import { createClient } from "@redis/client";
import { type Item, isMessage, type Message, MessageHistory } from "@redis-memory-magic/memory";
import OpenAI from "openai";

const MODEL = process.env.OPENAI_MODEL ?? "gpt-5-mini";
const SYSTEM = { role: "system", content: "You are a helpful assistant." } as const;
const CONTEXT_TOKENS = 8_000;

const client = createClient({ url: process.env.REDIS_URL ?? "redis://localhost:6379" });
client.on("error", (error) => console.error(error.message));
await client.connect();
const history = new MessageHistory({ client, ttlSeconds: 3600 });
const openai = new OpenAI();

/** Converts a message to the format of the Chat Completions API. */
function toParam(message: Message): OpenAI.ChatCompletionMessageParam {
  const { role, content } = message;
  if (role === "tool") return { role, content, tool_call_id: message.toolCallId ?? "" };
  if (role === "developer") return { role, content };
  if (role !== "assistant" || message.toolCalls === undefined) return { role, content };
  const calls = message.toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: "function" as const,
    function: { name, arguments: args },
  }));
  return { role, content, tool_calls: calls };
}

// About four characters a token; a tokenizer is exact. Tool calls are sent too.
const countTokens = ({ content, toolCalls }: Item): number =>
  Math.ceil((content.length + JSON.stringify(toolCalls ?? "").length) / 4) + 4;

async function reply(session: string, prompt: string): Promise<string> {
  await history.addMessage(session, { role: "user", content: prompt });
  const context = await history.getRecent(session, { for: "model", maxTokens: CONTEXT_TOKENS, countTokens });
  const completion = await openai.chat.completions.create({
    model: MODEL,
    messages: [SYSTEM, ...context.filter(isMessage).map(toParam)],
  });
  const answer = completion.choices[0]?.message.content ?? "";
  await history.addMessage(session, { role: "assistant", content: answer, metadata: { model: MODEL } });
  return answer;
}

const [prompt = "What is my name?", session = "example-openai"] = process.argv.slice(2);
console.log(await reply(session, prompt));
client.destroy();
