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

const BLOB = "sha256-n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
const UNREADABLE: readonly (readonly [part: unknown, note: string])[] = [
  [{ type: "input_image", blob: BLOB }, "An image"],
  [{ type: "input_file", blob: BLOB, filename: "a.pdf" }, 'The file "a.pdf"'],
  [{ type: "image_url", image_url: { detail: "low" } }, "An image"],
  [{ type: "image", source: { type: "file", file_id: "file_1" } }, "An image"],
  [{ type: "image", source: null }, "An image"],
  [{ type: "text", text: 7 }, 'A part of the type "text"'],
  [{ type: "image_of_the_future", text: TEXT }, "An image"],
  [null, "A part without a type"],
  ["text", "A part without a type"],
];

test("what is stored beside the items, or damaged, is a note, and the rest of the conversation is read", async () => {
  await history.addMessages("s", [
    { role: "user", content: TEXT, parts: [{ type: "input_text", text: TEXT }] },
    ...UNREADABLE.map(([part]) => ({ role: "user" as const, content: "Look", parts: [part] as never })),
    { role: "assistant", content: "A cat." },
  ]);
  const items = await Array.fromAsync(history.items("s"));
  for (const [reader, read] of Object.entries(READERS)) {
    const found = JSON.stringify(await read(items));
    expect([reader, found.includes(TEXT), found.includes("A cat."), found.includes(BLOB)]).toEqual([
      reader,
      true,
      true,
      false,
    ]);
    for (const [, note] of UNREADABLE)
      expect([reader, found]).toEqual([
        reader,
        expect.stringContaining(JSON.stringify(`(${note} was here. It is not included.)`)),
      ]);
  }
});

test("what one API has and another has not is a note there, and is given back by its own", async () => {
  const audio = { type: "audio", mimeType: "audio/wav", data: "AAAA" };
  await langchain(audio);
  const items = await Array.fromAsync(history.items("s"));
  const note = "(An audio recording was here. It is not included.)";
  expect(toChat(items)).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: TEXT },
        { type: "text", text: note },
      ],
    },
  ]);
  for (const [reader, read] of Object.entries(READERS)) {
    const isOwn = reader === "RedisMemoryHistory.getMessages";
    expect([reader, JSON.stringify(await read(items)).includes(note)]).toEqual([reader, !isOwn]);
  }
  const [message] = await new RedisMemoryHistory(history, "s").getMessages();
  expect(message?.content).toContainEqual(audio);
});

test("a text that is in no part stands before them", async () => {
  await history.addMessage("s", {
    role: "user",
    content: TEXT,
    parts: [{ type: "input_image", image_url: URL }],
  });
  const items = await Array.fromAsync(history.items("s"));
  for (const [reader, read] of Object.entries(READERS)) {
    expect([reader, JSON.stringify(await read(items))]).toEqual([
      reader,
      expect.stringMatching(new RegExp(`What is this\\?.*${DATA}`)),
    ]);
  }
});

test("in the format of the Responses API, only a blob is not sent to it as it is", () => {
  const file = { type: "input_file", file_id: "file_1" };
  const parts = [{ type: "input_text", text: TEXT }, file, { type: "input_image", blob: BLOB }];
  expect(toResponses([{ role: "user", content: TEXT, parts }])).toEqual([
    {
      role: "user",
      content: [
        { type: "input_text", text: TEXT },
        file,
        { type: "input_text", text: "(An image was here. It is not included.)" },
      ],
    },
  ]);
});
