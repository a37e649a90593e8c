import type { MessageParam } from "@anthropic-ai/sdk/resources/messages";
import { expect, test } from "vitest";
import type { Connection } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { MessageHistory } from "../../index.ts";
import { fromResponses } from "../openai/index.ts";
import { fromAnthropic, toAnthropic } from "./index.ts";

let redis: Connection;
let name: string;
let history: MessageHistory;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  history = new MessageHistory({ client: redis.client, name });
});

const CONVERSATION: MessageParam[] = [
  {
    role: "user",
    content: [
      { type: "text", text: "What is this?", cache_control: { type: "ephemeral" } },
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
    ],
  },
  {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "I look.", signature: "sig" },
      { type: "redacted_thinking", data: "xx" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "t1", name: "look", input: { image: 1 } },
      { type: "tool_use", id: "t2", name: "search", input: {} },
    ],
  },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "t1",
        content: [
          { type: "text", text: "A cat." },
          { type: "image", source: { type: "url", url: "https://example.org/y.png" } },
        ],
      },
      { type: "tool_result", tool_use_id: "t2", is_error: true, content: "no network" },
      { type: "text", text: "Be quick." },
    ],
  },
  { role: "assistant", content: "A cat." },
  { role: "user", content: "Thanks." },
  { role: "assistant", content: [{ type: "text", text: "You are welcome." }] },
];

test("gives back every message as it was", async () => {
  await history.addMessages("s", CONVERSATION.flatMap(fromAnthropic));
  expect(toAnthropic(await Array.fromAsync(history.items("s")))).toEqual({ messages: CONVERSATION });
  for (const message of CONVERSATION) expect(toAnthropic(fromAnthropic(message)).messages).toEqual([message]);
});

test("each tool result is an item: it belongs to its call, and is shown as text", async () => {
  await history.addMessages("s", CONVERSATION.flatMap(fromAnthropic));
  const messages = await Array.fromAsync(history.messages("s"));
  expect(messages.map(({ role, content, toolCallId }) => [role, content, toolCallId])).toEqual([
    ["user", "What is this?", undefined],
    ["assistant", "I look.", undefined],
    ["tool", "A cat.", "t1"],
    ["tool", "no network", "t2"],
    ["user", "Be quick.", undefined],
    ["assistant", "A cat.", undefined],
    ["user", "Thanks.", undefined],
    ["assistant", "You are welcome.", undefined],
  ]);
  expect(messages[1]?.toolCalls).toEqual([
    { id: "t1", name: "look", arguments: '{"image":1}' },
    { id: "t2", name: "search", arguments: "{}" },
  ]);
});

/** What the Messages API answers with 400. */
function refused(messages: readonly MessageParam[]): string | undefined {
  if (messages[0]?.role !== "user") return "does not begin with the user";
  const blocksOf = ({ content }: MessageParam) => (typeof content === "string" ? [] : content);
  for (const [n, message] of messages.entries()) {
    if (message.content.length === 0) return "an empty message";
    const before = n === 0 ? [] : blocksOf(messages[n - 1] as MessageParam);
    const calls = before.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
    const results = blocksOf(message).flatMap((block) =>
      block.type === "tool_result" ? [block.tool_use_id] : [],
    );
    if (calls.join() !== results.join()) return `calls ${calls} and results ${results}`;
  }
  return undefined;
}

test("every window begins with the user and has all results of its calls", async () => {
  await history.addMessages("s", CONVERSATION.flatMap(fromAnthropic));
  for (let k = 1; k <= 8; k++) {
    const window = await history.getRecent("s", { for: "model", k });
    expect(window.length === 0 ? undefined : refused(toAnthropic(window).messages)).toBeUndefined();
  }
  const count = await history.count("s");
  await history.addMessages("s", fromAnthropic(CONVERSATION[1] as MessageParam));
  await history.addMessage("s", { role: "user", content: "Still there?" });
  const { messages } = toAnthropic(await history.getRecent("s", { for: "model", k: count + 2 }));
  expect(refused(messages)).toBeUndefined();
  expect(messages.at(-1)).toEqual({ role: "user", content: "Still there?" });
});

test("a conversation from the Responses API goes on here", () => {
  const items = [
    { role: "developer" as const, content: "Answer briefly." },
    {
      role: "user" as const,
      content: [
        { type: "input_text" as const, text: "What is this?" },
        { type: "input_image" as const, image_url: "data:image/png;base64,AAAA", detail: "auto" as const },
      ],
    },
    { type: "reasoning" as const, id: "rs_1", summary: [] },
    { type: "function_call" as const, call_id: "c1", name: "look", arguments: '{"image":1}' },
    { type: "function_call" as const, call_id: "c2", name: "look", arguments: "not JSON" },
    { type: "function_call_output" as const, call_id: "c1", output: "A cat." },
    { type: "function_call_output" as const, call_id: "c2", output: "A dog." },
    { role: "assistant" as const, content: "A cat and a dog." },
  ];
  const { system, messages } = toAnthropic(items.map((item) => fromResponses(item)));
  expect(system).toBe("Answer briefly.");
  expect(refused(messages)).toBeUndefined();
  expect(messages).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "tool_use", id: "c1", name: "look", input: { image: 1 } },
        { type: "tool_use", id: "c2", name: "look", input: { invalid_arguments: "not JSON" } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "c1", content: "A cat." },
        { type: "tool_result", tool_use_id: "c2", content: "A dog." },
      ],
    },
    { role: "assistant", content: "A cat and a dog." },
  ]);
});

test("ids and texts of other APIs that this one refuses are changed", () => {
  const items = [
    { role: "user" as const, content: "What is this?" },
    {
      role: "assistant" as const,
      content: "\n\n",
      toolCalls: [{ id: "functions.look:0", name: "look", arguments: "{}" }],
    },
    { role: "tool" as const, content: "A cat.", toolCallId: "functions.look:0" },
    { role: "assistant" as const, content: " \n" },
    { role: "user" as const, content: "Well?" },
  ];
  expect(toAnthropic(items).messages).toEqual([
    { role: "user", content: "What is this?" },
    { role: "assistant", content: [{ type: "tool_use", id: "functions_look_0", name: "look", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "functions_look_0", content: "A cat." }] },
    { role: "user", content: "Well?" },
  ]);
});
