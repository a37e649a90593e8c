import { HumanMessage } from "@langchain/core/messages";
import { convertToModelMessages } from "ai";
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
  [{ type: "image", source: { type: "base64", media_type: "image/png" } }, "An image"],
  [{ type: "image", data: DATA }, "An image"],
  [{ type: "image_url", image_url: { url: "cat.png" } }, "An image"],
  [{ type: "image", image: URL, mediaType: "image/png" }, "An image"],
  [{ type: "input_image", image: { id: "file_1" } }, "An image"],
  [{ type: "input_file", file: { id: "file_1" } }, "A file"],
  [{ type: "input_audio", input_audio: { data: "AAAA", format: "wav" } }, "An audio recording"],
  [{ type: "input_text", text: 7 }, 'A part of the type "input_text"'],
  [{ type: "file", file: { filename: "b.pdf", file_data: "AAAA" } }, 'The file "b.pdf"'],
  [{ type: "file", blob: BLOB }, "A file"],
  [{ type: "file", url: "https://example.com/c.pdf", mimeType: "application/pdf" }, "A file"],
  [{ type: "file", data: "AAAA", mediaType: "application/pdf", filename: "d.pdf" }, 'The file "d.pdf"'],
  [
    { type: "document", source: { type: "url", url: "https://example.com/e.pdf" }, title: "e" },
    'The file "e"',
  ],
  [{ type: "audio", mimeType: "audio/wav", data: "AAAA" }, "An audio recording"],
  [{ type: "audio", audio: { id: "audio_1" } }, "An audio recording"],
  [{ type: "video", mimeType: "video/mp4", data: "AAAA" }, 'A part of the type "video"'],
  [{ type: "text-plain", text: "Hi" }, 'A part of the type "text-plain"'],
  [{ type: "reasoning", reasoning: "Hmm" }, 'A part of the type "reasoning"'],
  [{ type: "custom" }, 'A part of the type "custom"'],
  [{ type: "refusal", refusal: "No" }, 'A part of the type "refusal"'],
  [{ type: "tool_use", id: "1", name: "f", input: {} }, 'A part of the type "tool_use"'],
  [{ type: "tool-result", toolCallId: "1", output: "1" }, 'A part of the type "tool-result"'],
  [{ type: "tool-approval-request", approvalId: "1" }, 'A part of the type "tool-approval-request"'],
  [{ type: "steering-message", id: "1" }, 'A part of the type "steering-message"'],
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

test("the AI SDK converts what is loaded for a model, whatever parts the messages have", async () => {
  const stored = (["user", "assistant", "system"] as const).flatMap((role) =>
    UNREADABLE.map(([part]) => ({ role, content: TEXT, parts: [part] as never })),
  );
  await history.addMessages("s", stored);
  const messages = await chatStore(history).load("s");
  const converted = await convertToModelMessages(messages);
  expect(converted.map(({ role }) => role)).toEqual(stored.map(({ role }) => role));
  for (const message of converted) expect(JSON.stringify(message)).toContain(TEXT);
  const shown = JSON.stringify(converted);
  for (const [, note] of UNREADABLE)
    expect(shown).toContain(JSON.stringify(`(${note} was here. It is not included.)`));
});

test("a part of another format does not change the parts of the AI SDK beside it", async () => {
  const file = { type: "file", mediaType: "application/pdf", url: "https://example.com/f.pdf" };
  const tool = { type: "tool-f", toolCallId: "1", state: "output-available", input: {}, output: 1 };
  const text = { type: "text", text: TEXT };
  const foreign = { type: "document", source: null };
  await history.addMessages("s", [
    { id: "u", role: "user", content: TEXT, parts: [file, foreign, text], metadata: { n: 1 } },
    { id: "a", role: "assistant", content: TEXT, parts: [tool, foreign, text] },
  ]);
  expect(await chatStore(history).load("s")).toEqual([
    {
      id: "u",
      role: "user",
      parts: [file, { type: "text", text: "(A file was here. It is not included.)" }, text],
      metadata: { n: 1 },
    },
    { id: "a", role: "assistant", parts: [tool, text] },
  ]);
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
