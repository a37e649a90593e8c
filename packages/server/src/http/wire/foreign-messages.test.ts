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
  ["a title", { title: "Trip", ...ours }, { title: "Trip", session: { title: "Trip" }, ...ours }],
  ["no body", null, null],
  ["a list of other things", [1, null], { messages: [1, null] }],
])("reads %s", (_, body, expected) => {
  expect(normalizeMessages(body)).toEqual(expected);
});
