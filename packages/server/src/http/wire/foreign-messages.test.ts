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
    { messages: [{ role: "user", content: [{ type: "image" }] }] },
  ],
  ["no body", null, null],
  ["a list of other things", [1, null], { messages: [1, null] }],
])("reads %s", (_, body, expected) => {
  expect(normalizeMessages(body)).toEqual(expected);
});

test.each<[string, unknown]>([
  ["ChatGPT", [{ title: "Trip", mapping: { r: { id: "r", message: null } }, current_node: "r" }]],
  ["Claude", [{ uuid: "c", name: "Trip", chat_messages: [{ text: "Hi", sender: "human" }] }]],
  ["Open WebUI", [{ id: "o", chat: { title: "Trip", history: { messages: {} } } }]],
  ["LibreChat", { conversationId: "l", messages: [{ isCreatedByUser: true, text: "Hi" }] }],
])("names an export of %s that it refuses", (name, body) => {
  expect(() => normalizeMessages(body)).toThrow(`is an export of ${name}, which cannot be imported`);
});
