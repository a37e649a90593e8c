import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import type { Connection } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { MessageHistory } from "../../index.ts";
import { fromAnthropic } from "../anthropic/index.ts";
import { fromChat, fromResponses, toChat, toResponses } from "./index.ts";

let redis: Connection;
let name: string;
let history: MessageHistory;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  history = new MessageHistory({ client: redis.client, name });
});

const CHAT: ChatCompletionMessageParam[] = [
  { role: "developer", content: "Answer briefly." },
  {
    role: "user",
    name: "bob",
    content: [
      { type: "text", text: "What is this, and what is said?" },
      { type: "image_url", image_url: { url: "https://example.org/cat.png", detail: "low" } },
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
      { type: "file", file: { file_id: "file_1" } },
    ],
  },
  {
    role: "assistant",
    content: "I look.",
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "look", arguments: '{"image": 1}' } },
      { id: "call_2", type: "custom", custom: { name: "listen", input: "the audio" } },
    ],
  },
  { role: "tool", tool_call_id: "call_1", content: "A cat." },
  { role: "tool", tool_call_id: "call_2", content: [{ type: "text", text: "Meow." }] },
  { role: "assistant", content: "A cat that says meow.", audio: { id: "audio_1" } },
  { role: "user", content: "Tell me a secret." },
  { role: "assistant", content: null, refusal: "I cannot." },
  { role: "user", content: "And the time?" },
  { role: "assistant", content: null, function_call: { name: "now", arguments: "{}" } },
  { role: "function", name: "now", content: "12:00" },
  { role: "assistant", content: "Noon." },
];

test("gives back every message of Chat Completions as it was", async () => {
  await history.addMessages("s", CHAT.map(fromChat));
  expect(toChat(await Array.fromAsync(history.items("s")))).toEqual(CHAT);
  for (const message of CHAT) expect(toChat([fromChat(message)])).toEqual([message]);
});

test("shows messages of Chat Completions as text and calls, and plain ones cost nothing more", async () => {
  await history.addMessages("s", CHAT.map(fromChat));
  const messages = await Array.fromAsync(history.messages("s"));
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
    "developer: Answer briefly.",
    "user: What is this, and what is said?",
    "assistant: I look.",
    "tool: A cat.",
    "tool: Meow.",
    "assistant: A cat that says meow.",
    "user: Tell me a secret.",
    "assistant: I cannot.",
    "user: And the time?",
    "assistant: ",
    "tool: 12:00",
    "assistant: Noon.",
  ]);
  expect(messages[2]?.toolCalls?.map(({ id }) => id)).toEqual(["call_1", "call_2"]);
  expect(fromChat({ role: "user", content: "Hi" })).toEqual({ role: "user", content: "Hi" });
  const call = { id: "c", type: "function" as const, function: { name: "f", arguments: "{}" } };
  expect(fromChat({ role: "assistant", content: null, tool_calls: [call] })).not.toHaveProperty("parts");
});

test("a window of Chat Completions has no call without its output", async () => {
  const [user, call] = [CHAT[1], CHAT[2]].map((message) => fromChat(message as ChatCompletionMessageParam));
  await history.addMessages("s", [user, call, { role: "user", content: "Go on." }] as never);
  const window = toChat(await history.getRecent("s", { for: "model", k: 10 }));
  expect(window.map(({ role }) => role)).toEqual(["user", "user"]);
});

const RESPONSES: ResponseInputItem[] = [
  { role: "developer", content: "Answer briefly." },
  {
    type: "message",
    role: "user",
    content: [
      { type: "input_text", text: "What is on this picture?" },
      { type: "input_image", image_url: "https://example.org/cat.png", detail: "low" },
    ],
  },
  {
    type: "reasoning",
    id: "rs_1",
    summary: [{ type: "summary_text", text: "I have to look." }],
    encrypted_content: "gAAAA",
  },
  {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name: "look",
    arguments: '{"a":1}',
    status: "completed",
  },
  { type: "function_call", call_id: "call_2", name: "look", arguments: "{}" },
  { type: "function_call_output", call_id: "call_1", output: "A cat." },
  { type: "function_call_output", call_id: "call_2", output: [{ type: "input_text", text: "A dog." }] },
  {
    type: "web_search_call",
    id: "ws_1",
    status: "completed",
    action: { type: "search", query: "cat" },
  } as never,
  {
    type: "message",
    id: "msg_1",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: "A cat and a dog.", annotations: [] }],
  },
  { role: "assistant", content: "Anything else?" },
];

test("gives back every item of the Responses API as it was", async () => {
  await history.addMessages("s", RESPONSES.map(fromResponses));
  const items = await Array.fromAsync(history.items("s"));
  expect(toResponses(items)).toEqual(RESPONSES);
  expect(items.map(({ role, type, content }) => `${role ?? type}: ${content}`)).toEqual([
    "developer: Answer briefly.",
    "user: What is on this picture?",
    "reasoning: I have to look.",
    'function_call: {"a":1}',
    "function_call: {}",
    "function_call_output: A cat.",
    "function_call_output: A dog.",
    "web_search_call: ",
    "assistant: A cat and a dog.",
    "assistant: Anything else?",
  ]);
});

test("a conversation goes on with another API: text, images and calls are converted", async () => {
  await history.addMessages("s", [...RESPONSES.map(fromResponses), ...CHAT.slice(6, 8).map(fromChat)]);
  const items = await history.getRecent("s", { for: "model", k: 20 });
  expect(toChat(items)).toEqual([
    { role: "developer", content: "Answer briefly." },
    {
      role: "user",
      content: [
        { type: "text", text: "What is on this picture?" },
        { type: "image_url", image_url: { url: "https://example.org/cat.png" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "look", arguments: '{"a":1}' } },
        { id: "call_2", type: "function", function: { name: "look", arguments: "{}" } },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: "A cat." },
    { role: "tool", tool_call_id: "call_2", content: "A dog." },
    { role: "assistant", content: "A cat and a dog." },
    { role: "assistant", content: "Anything else?" },
    { role: "user", content: "Tell me a secret." },
    { role: "assistant", content: null, refusal: "I cannot." },
  ]);
  const image = { type: "base64", media_type: "image/png", data: "AAAA" } as const;
  const asked = fromAnthropic({
    role: "user",
    content: [
      { type: "text", text: "This?" },
      { type: "image", source: image },
    ],
  });
  expect(toResponses([...asked, ...CHAT.slice(2, 5).map(fromChat)])).toEqual([
    {
      role: "user",
      content: [
        { type: "input_text", text: "This?" },
        { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "auto" },
      ],
    },
    { role: "assistant", content: "I look." },
    { type: "function_call", call_id: "call_1", name: "look", arguments: '{"image": 1}' },
    { type: "function_call", call_id: "call_2", name: "listen", arguments: "the audio" },
    { type: "function_call_output", call_id: "call_1", output: "A cat." },
    { type: "function_call_output", call_id: "call_2", output: "Meow." },
  ]);
});

test("says where something was that the other API does not have", () => {
  const [, spoken] = CHAT.map(fromChat);
  expect(toResponses([spoken as never])).toEqual([
    {
      role: "user",
      content: [
        { type: "input_text", text: "What is this, and what is said?" },
        { type: "input_image", image_url: "https://example.org/cat.png", detail: "auto" },
        { type: "input_text", text: "(An audio recording was here. It is not included.)" },
        { type: "input_text", text: "(A file was here. It is not included.)" },
      ],
    },
  ]);
});

test("sends reasoning back only with what the API gave for that", () => {
  const text = { type: "reasoning", content: "I think" };
  expect(toResponses([text])).toEqual([]);
  expect(toResponses([{ ...text, id: "rs_1", parts: { encrypted_content: "gAAA" } }])).toEqual([
    {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "I think" }],
      encrypted_content: "gAAA",
    },
  ]);
});
