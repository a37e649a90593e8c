import assert from "node:assert/strict";
import { simulateReadableStream, type UIMessage } from "ai";
import * as testing from "ai/test";
import { createChat } from "./with-ai-sdk.ts";

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
const chat = await createChat(model);
const id = `chat-${Date.now()}`;
const image = { type: "file", mediaType: "image/png", url: "data:image/png;base64,AAAA" } as const;
const ask = async (messageId: string, text: string): Promise<string> => {
  const parts = [image, { type: "text", text }];
  const message = { id: messageId, role: "user", metadata: { page: 1 }, parts };
  const body = JSON.stringify({ id, messages: [message], trigger: "submit-message", messageId });
  const response = await chat.POST(new Request("http://localhost/api/chat", { method: "POST", body }));
  assert.equal(response.status, 200);
  return response.text();
};
const stream = await ask("m1", "My name is Bob");
// How many pieces it comes in depends on how fast Redis is.
const deltas = [...stream.matchAll(/"delta":"(.*?)"/g)].map(([, delta]) => delta);
assert.equal(deltas.join(""), "Hello Bob!");
await ask("m2", "What is my name?");
// The page sends it again.
await ask("m2", "What is my name?");
const prompt = JSON.stringify(prompts[1]);
assert.match(prompt, /My name is Bob.*Hello Bob!.*What is my name/);
assert.match(prompt, /image\/png/);
const shown = await chat.store.load(id);
assert.deepEqual(
  shown.map(({ id, role }) => (role === "user" ? id : role)),
  ["m1", "assistant", "m2", "assistant"],
);
assert.deepEqual(shown[0], {
  id: "m1",
  role: "user",
  metadata: { page: 1 },
  parts: [image, { type: "text", text: "My name is Bob" }],
} satisfies UIMessage);
// The answer has the id that the page was sent.
assert.equal(shown[1]?.id, /"messageId":"(.*?)"/.exec(stream)?.[1]);
const resumed = await chat.GET(new Request(`http://localhost/api/chat/${id}/stream`));
assert.equal(resumed.status, 204);
chat.close();
