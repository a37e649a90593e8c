import { HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { useRedis } from "../../test/use-redis.ts";
import type { Item } from "../history/item.ts";
import { MessageHistory } from "../index.ts";
import { chatStore } from "./ai-sdk/index.ts";
import { fromAnthropic, toAnthropic } from "./anthropic/index.ts";
import { RedisMemoryHistory } from "./langchain/index.ts";
import { fromChat, fromResponses, toChat, toResponses } from "./openai/index.ts";
import { RedisMemorySession } from "./openai-agents/index.ts";

let history: MessageHistory;
useRedis((connection, name) => {
  history = new MessageHistory({ client: connection.client, name });
});

const DATA = "iVBORw0KGgo=";
const URL = `data:image/png;base64,${DATA}`;
const TEXT = "What is this?";
const langchain = (...content: object[]) =>
  new RedisMemoryHistory(history, "s").addMessage(
    new HumanMessage({ content: [{ type: "text", text: TEXT }, ...content] as never }),
  );

const WRITERS: Readonly<Record<string, () => Promise<unknown>>> = {
  "Chat Completions": () =>
    history.addMessage(
      "s",
      fromChat({
        role: "user",
        content: [
          { type: "text", text: TEXT },
          { type: "image_url", image_url: { url: URL } },
        ],
      }),
    ),
  Responses: () =>
    history.addMessage(
      "s",
      fromResponses({
        role: "user",
        content: [
          { type: "input_text", text: TEXT },
          { type: "input_image", image_url: URL, detail: "auto" },
        ],
      }),
    ),
  Anthropic: () =>
    history.addMessages(
      "s",
      fromAnthropic({
        role: "user",
        content: [
          { type: "text", text: TEXT },
          { type: "image", source: { type: "base64", media_type: "image/png", data: DATA } },
        ],
      }),
    ),
  "the AI SDK": () =>
    chatStore(history).save("s", [
      {
        id: "u",
        role: "user",
        parts: [
          { type: "text", text: TEXT },
          { type: "file", mediaType: "image/png", url: URL },
        ],
      },
    ]),
  "the Agents SDK": () =>
    new RedisMemorySession(history, "s").addItems([
      {
        role: "user",
        content: [
          { type: "input_text", text: TEXT },
          { type: "input_image", image: URL },
        ],
      },
    ]),
  "LangChain, as OpenAI has it": () => langchain({ type: "image_url", image_url: { url: URL } }),
  "LangChain, a standard block": () => langchain({ type: "image", mimeType: "image/png", data: DATA }),
  "LangChain, a block of version 0": () =>
    langchain({ type: "image", source_type: "base64", mime_type: "image/png", data: DATA }),
};

const READERS: Readonly<Record<string, (items: readonly Item[]) => unknown>> = {
  toChat,
  toResponses,
  toAnthropic,
  "chatStore.load": () => chatStore(history).load("s"),
  "RedisMemorySession.getItems": () => new RedisMemorySession(history, "s").getItems(),
  "RedisMemoryHistory.getMessages": () => new RedisMemoryHistory(history, "s").getMessages(),
};

test.each(Object.entries(WRITERS))("an image that %s wrote is read in every format", async (_, write) => {
  await write();
  const items = await Array.fromAsync(history.items("s"));
  for (const [reader, read] of Object.entries(READERS)) {
    const found = JSON.stringify(await read(items));
    expect([reader, found.includes(TEXT), found.includes(DATA)]).toEqual([reader, true, true]);
  }
});

test("a part that cannot be converted is refused, not left out", async () => {
  await langchain({ type: "audio", mimeType: "audio/wav", data: "AAAA" });
  const items = await Array.fromAsync(history.items("s"));
  expect(() => toChat(items)).toThrow('"audio"');
  await expect(new RedisMemorySession(history, "s").getItems()).rejects.toThrow('"audio"');
});
