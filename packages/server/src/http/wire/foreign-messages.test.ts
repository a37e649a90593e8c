import { expect, test } from "vitest";
import { normalizeMessages } from "./foreign-messages.ts";

const ours = { messages: [{ role: "user", content: "Hi" }] };

test.each<[string, unknown, unknown]>([
  ["this API's own form", ours, ours],
  ["a list of messages", ours.messages, ours],
  [
    "text parts",
    [
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "input_text", text: "b" },
        ],
      },
    ],
    { messages: [{ role: "user", content: "ab" }] },
  ],
  [
    "OpenAI's tool calls",
    [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "w", arguments: "{}" } }],
      },
    ],
    {
      messages: [{ role: "assistant", content: "", tool_calls: [{ id: "c1", name: "w", arguments: "{}" }] }],
    },
  ],
  ["chat-ui's form", { messages: [{ from: "user", content: "Hi" }] }, ours],
  ["the AI SDK's form", { messages: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }] }, ours],
  [
    "a part that is no text",
    [{ role: "user", content: [{ type: "image" }] }],
    { messages: [{ role: "user", content: "", parts: [{ type: "image" }] }] },
  ],
  [
    "text beside an image",
    [
      {
        role: "user",
        parts: [
          { type: "text", text: "What is this?" },
          { type: "file", mediaType: "image/png", url: "data:image/png;base64,AA==" },
        ],
      },
    ],
    {
      messages: [
        {
          role: "user",
          content: "What is this?",
          parts: [
            { type: "text", text: "What is this?" },
            { type: "input_image", image_url: "data:image/png;base64,AA==" },
          ],
        },
      ],
    },
  ],
  [
    "a refusal",
    [{ role: "assistant", content: null, refusal: "I can't." }],
    { messages: [{ role: "assistant", content: "I can't.", refusal: "I can't." }] },
  ],
  ["ShareGPT's form", { conversations: [{ from: "human", value: "Hi" }] }, ours],
  [
    "Gemini's form",
    { contents: [{ role: "user", parts: [{ text: "Hi" }] }] },
    { messages: [{ ...ours.messages[0], parts: undefined }] },
  ],
  [
    "LangChain's form",
    [
      { type: "human", data: { content: "Hi", id: null, additional_kwargs: {} } },
      { type: "ai", data: { content: "", tool_calls: [{ name: "w", args: { a: 1 }, id: "c1" }] } },
    ],
    {
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "", tool_calls: [{ id: "c1", name: "w", arguments: '{"a":1}' }] },
      ],
    },
  ],
  [
    "items of the Responses API",
    [
      { type: "message", role: "user", content: "Hi" },
      { type: "function_call", call_id: "c1", name: "w", arguments: "{}", status: "completed" },
      { type: "function_call_output", call_id: "c1", output: "42" },
    ],
    {
      messages: [
        { role: "user", content: "Hi" },
        { type: "function_call", content: "{}", tool_calls: [{ id: "c1", name: "w", arguments: "{}" }] },
        { type: "function_call_output", content: "42", tool_call_id: "c1" },
      ],
    },
  ],
  [
    "RedisVL's form, and times and ids that are numbers",
    [
      { role: "llm", content: "Hi", timestamp: 1795423151.5 },
      { id: 7, role: "user", content: "Hi", created_at: 1795423151000 },
      { id: null, role: "user", content: "Hi", created_at: "2026-11-27T10:00:00+05:30" },
      { role: "user", content: "Hi", created_at: null },
    ],
    {
      messages: [
        { role: "assistant", content: "Hi", created_at: "2026-11-23T08:39:11.500Z" },
        { id: "7", role: "user", content: "Hi", created_at: "2026-11-23T08:39:11.000Z" },
        { role: "user", content: "Hi", created_at: "2026-11-27T04:30:00.000Z" },
        { role: "user", content: "Hi" },
      ],
    },
  ],
  ["a title", { title: "Trip", ...ours }, { title: "Trip", session: { title: "Trip" }, ...ours }],
  ["no body", null, null],
  ["a list of other things", [1, null], { messages: [1, null] }],
])("reads %s", (_, body, expected) => {
  expect(normalizeMessages(body)).toEqual(expected);
});
