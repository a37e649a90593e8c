import assert from "node:assert/strict";
import { createClient } from "@redis/client";
import { MessageHistory } from "@redis-memory-magic/memory";
import { simulateReadableStream } from "ai";
import * as testing from "ai/test";
import { createChatHandler, loadChat } from "./with-ai-sdk.ts";

const client = createClient({ url: process.env.REDIS_URL ?? "" });
await client.connect();
const history = new MessageHistory({ client });
const prompts: unknown[] = [];
const Mock = Object.entries(testing).find(([name]) =>
  /^MockLanguageModelV\d+$/.test(name),
)?.[1] as typeof testing.MockLanguageModelV4;
const model = new Mock({
  doStream: async ({ prompt }) => {
    prompts.push(prompt);
    return {
      stream: simulateReadableStream({
        chunks: [
          { type: "text-start", id: "1" },
          { type: "text-delta", id: "1", delta: "Hello " },
          { type: "text-delta", id: "1", delta: "Bob!" },
          { type: "text-end", id: "1" },
          {
            type: "finish",
            finishReason: { unified: "stop", raw: "stop" },
            usage: {
              inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
              outputTokens: { total: 2, text: 2, reasoning: 0 },
            },
          },
        ],
      }),
    };
  },
});
const handle = createChatHandler(history, model);
const ask = async (id: string, text: string): Promise<string> => {
  const body = JSON.stringify({ id: "chat", message: { id, role: "user", parts: [{ type: "text", text }] } });
  return (await handle(new Request("http://localhost/api/chat", { method: "POST", body }))).text();
};
assert.match(await ask("m1", "My name is Bob"), /"delta":"Bob!"/);
await ask("m2", "What is my name?");
assert.match(JSON.stringify(prompts[1]), /My name is Bob.*Hello Bob!.*What is my name/);
const shown = (await loadChat(history, "chat")).map(({ role, parts }) => [role, parts]);
assert.equal(shown.length, 4);
assert.deepEqual(shown[1], ["assistant", [{ type: "text", text: "Hello Bob!" }]]);
client.destroy();
