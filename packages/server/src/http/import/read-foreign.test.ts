import { expect, test } from "vitest";
import { readForeign } from "./read-foreign.ts";

const user = { role: "user", content: "Hi" };
const assistant = { role: "assistant", content: "Hello" };

/** The conversations of a file without ids and times, and what was left out. */
function read(body: unknown) {
  const { conversations = [], leftOut = new Map() } = readForeign(body) ?? {};
  const messages = conversations.map(({ session, messages }) => ({
    ...session,
    messages: messages.map(({ id: _, created_at: __, ...item }) => item),
  }));
  return { messages, leftOut: Object.fromEntries(leftOut) };
}

/** A node of ChatGPT's tree. */
const node = (id: string, parent: string | null, message: object | null) => ({
  [id]: { id, parent, children: [], message },
});
const said = (role: string, content: object, more = {}) => ({
  author: { role },
  content,
  recipient: "all",
  ...more,
});
const text = (...parts: unknown[]) => ({ content_type: "text", parts });

test("reads ChatGPT's conversations: the current branch, reasoning, tools, and what the file does not have", () => {
  const mapping = {
    ...node("r", null, null),
    ...node("s", "r", said("system", text(""), { metadata: { is_visually_hidden_from_conversation: true } })),
    ...node("u", "s", { ...said("user", text("Hi"), { id: "u" }), create_time: 1718000001.1 }),
    ...node("old", "u", said("assistant", text("Bye"))),
    ...node(
      "t",
      "u",
      said("assistant", {
        content_type: "thoughts",
        thoughts: [{ summary: "Greet", content: "They greet." }],
      }),
    ),
    ...node(
      "c",
      "t",
      said("assistant", { content_type: "code", text: "1+1" }, { id: "c", recipient: "python" }),
    ),
    ...node("o", "c", said("tool", { content_type: "execution_output", text: "2" })),
    ...node("a", "o", said("assistant", text("Hello"))),
    ...node(
      "i",
      "a",
      said("user", {
        content_type: "multimodal_text",
        parts: [{ content_type: "image_asset_pointer" }, "See?"],
      }),
    ),
  };
  expect(read([{ title: "Trip", mapping, current_node: "i" }])).toEqual({
    messages: [
      {
        title: "Trip",
        messages: [
          user,
          { type: "reasoning", content: "Greet\nThey greet." },
          {
            type: "function_call",
            content: "1+1",
            tool_calls: [{ id: "c", name: "python", arguments: "1+1" }],
          },
          { type: "function_call_output", content: "2", tool_call_id: "c" },
          assistant,
          { role: "user", content: "See?" },
        ],
      },
    ],
    leftOut: { "messages of other branches": 1, "images and files": 1 },
  });
  const [conversation] = readForeign([{ mapping, current_node: "u" }])?.conversations ?? [];
  expect(conversation?.messages).toEqual([{ ...user, id: "u", created_at: "2024-06-10T06:13:21.100Z" }]);
});

test("reads Claude's conversations", () => {
  const chat_messages = [
    {
      sender: "human",
      text: "Hi",
      created_at: "2026-06-10T10:00:01.123456Z",
      files: [{ file_name: "a.png" }],
    },
    {
      sender: "assistant",
      text: "Hello",
      content: [
        { type: "thinking", thinking: "They greet." },
        { type: "tool_use", id: "t1", name: "now", input: { zone: "UTC" } },
        { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "12:00" }] },
        { type: "text", text: "Hello" },
      ],
    },
  ];
  expect(read({ uuid: "c", name: "Trip", chat_messages })).toEqual({
    messages: [
      {
        title: "Trip",
        messages: [
          user,
          { type: "reasoning", content: "They greet." },
          {
            type: "function_call",
            content: '{"zone":"UTC"}',
            tool_calls: [{ id: "t1", name: "now", arguments: '{"zone":"UTC"}' }],
          },
          { type: "function_call_output", content: "12:00", tool_call_id: "t1" },
          assistant,
        ],
      },
    ],
    leftOut: { "images and files": 1 },
  });
});

test("reads Open WebUI's chats", () => {
  const thought =
    '<details type="reasoning" done="true" duration="1">\n<summary>Thought</summary>\n> They greet.\n</details>\n';
  const messages = {
    m1: { id: "m1", parentId: null, ...user, files: [{ type: "image", url: "data:image/png;base64,AA==" }] },
    m2: { id: "m2", parentId: "m1", role: "assistant", content: `${thought}Hello` },
    m3: { id: "m3", parentId: "m1", role: "assistant", content: "Bye" },
  };
  expect(read([{ id: "o", chat: { title: "Trip", history: { messages, currentId: "m2" } } }])).toEqual({
    messages: [
      {
        title: "Trip",
        messages: [
          {
            ...user,
            parts: [
              { type: "input_text", text: "Hi" },
              { type: "input_image", image_url: "data:image/png;base64,AA==" },
            ],
          },
          { type: "reasoning", content: "They greet." },
          assistant,
        ],
      },
    ],
    leftOut: { "messages of other branches": 1 },
  });
});

test("separates reasoning from an Open WebUI answer, wherever it stands", () => {
  const answerOf = (content: string) => {
    const message = { id: "a", role: "assistant", content };
    return readForeign({ chat: { messages: [message] } })?.conversations[0]?.messages.map(
      ({ type = "answer", content }) => [type, content],
    );
  };
  const thought = (text: string) => `<details type="reasoning" done="true">${text}</details>`;
  expect(answerOf(`${thought("\n> a\n> b\n")}\n\nOne\n${thought("c")} Two`)).toEqual([
    ["reasoning", "a\nb"],
    ["reasoning", "c"],
    ["answer", "One\nTwo"],
  ]);
  expect(
    answerOf('<details type="reasoning" done="true"\n<summary>Thought</summary>\n> a\n</details>\nOne'),
  ).toEqual([
    ["reasoning", "a"],
    ["answer", "One"],
  ]);
  expect(answerOf('<details type="reasoning"\na\n</details>\nOne')).toEqual([
    ["reasoning", "a"],
    ["answer", "One"],
  ]);
  const unclosed = '<details type="reasoning">a';
  expect(answerOf(`${thought("b")}${unclosed}`)).toEqual([
    ["reasoning", "b"],
    ["answer", unclosed],
  ]);
  // A search that began again at each of them would take many minutes.
  const many = unclosed.repeat(200_000);
  expect(answerOf(many)).toEqual([["answer", many]]);
  expect(answerOf(`${many}</details>`)).toEqual([["reasoning", many.slice(unclosed.length - 1)]]);
});

test("reads LibreChat's conversations, as a list and as a tree", () => {
  const question = { messageId: "m1", parentMessageId: "0", isCreatedByUser: true, text: "Hi" };
  const content = [
    { type: "think", think: "They greet." },
    { type: "tool_call", tool_call: { id: "t1", name: "now", args: "{}", output: "12:00" } },
    { type: "text", text: { value: "Hello" } },
  ];
  const answer = { messageId: "m2", parentMessageId: "m1", isCreatedByUser: false, text: "", content };
  const expected = {
    messages: [
      {
        title: "Trip",
        messages: [
          user,
          { type: "reasoning", content: "They greet." },
          { type: "function_call", content: "{}", tool_calls: [{ id: "t1", name: "now", arguments: "{}" }] },
          { type: "function_call_output", content: "12:00", tool_call_id: "t1" },
          assistant,
        ],
      },
    ],
    leftOut: {},
  };
  const conversation = { conversationId: "l", title: "Trip" };
  expect(read({ ...conversation, messages: [question, answer] })).toEqual(expected);
  expect(read({ ...conversation, recursive: true, messages: [{ ...question, children: [answer] }] })).toEqual(
    expected,
  );
});

test.each<[string, unknown]>([
  ["a list of messages", [user]],
  ["an export of this server", { format: "redis-memory-magic", messages: [user] }],
  ["something else", "Hi"],
  ["an empty list", []],
])("does not take %s for an export of another chat", (_, body) => {
  expect(readForeign(body)).toBeUndefined();
});

test.each<[string, unknown]>([
  [
    "a tree that is a circle",
    {
      mapping: { a: { parent: "b", message: said("user", text("Hi")) }, b: { parent: "a" } },
      current_node: "a",
    },
  ],
  ["a tree of nothing", { mapping: { a: null }, current_node: 1 }],
  ["messages of nothing", { chat_messages: [null, 1, { content: [null] }] }],
  ["a chat of nothing", { chat: { history: { messages: { a: 1 }, currentId: "a" } } }],
  ["a conversation of nothing", { messages: [{ isCreatedByUser: 1, content: [1], children: [null] }] }],
  ["a list of 300,000 answers", { messages: [{ isCreatedByUser: true, children: Array(300_000).fill(0) }] }],
  ["half a surrogate pair", { chat_messages: [{ sender: "human", text: "a\ud83c" }] }],
])("does not fail on %s", (_, body) => {
  expect(JSON.stringify(readForeign(body)?.conversations)).not.toContain("\\ud83c");
});
