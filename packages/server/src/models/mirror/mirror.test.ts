import { expect, test } from "vitest";
import { AnswerRecorder } from "../../../test/answer-recorder.ts";
import type { ModelRequest } from "../../chat/chat-model.ts";
import type { ContextItem, ContextMessage } from "../../chat/context-item.ts";
import type { ModelSettings } from "../../chat/model-settings.ts";
import { withQuoted } from "../../chat/quoted-block.ts";
import { recallBlock } from "../../chat/recall-block.ts";
import { contentsBlock } from "../../chat/table-of-contents.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { mirrorAnswer } from "./answer.ts";
import { Mirror } from "./mirror.ts";

const user = (content: string): ContextMessage => ({ role: "user", content });
const assistant = (content: string): ContextMessage => ({ role: "assistant", content });
const request = (...items: ContextItem[]): ModelRequest => ({
  model: "mirror",
  system: "",
  items,
  contextWindow: 8192,
  promptTokens: 10,
});

const nothingUpstream = "it answers in this process, nothing crosses a wire";

describeChatModel(
  "the mirror",
  async () => ({
    model: new Mirror({ wordDelayMs: 60 }),
    questions: [request(user("one")), request(user("one"), user("two"))],
    slowQuestion: request(user("many words, ".repeat(100).slice(0, 200)), user("this one")),
    questionAbout: (text) => request(user(text), user("What did I say?")),
    close: async () => {},
  }),
  {
    received: nothingUpstream,
    idle: nothingUpstream,
    unreachable: nothingUpstream,
    answeredWith: "what it answers follows from what it was sent",
  },
);

test("knows nothing without memory", () => {
  const answer = "I was sent 1 message: this one. I know nothing of what was said before.";
  expect(mirrorAnswer([user("My name is Alice")])).toBe(answer);
  expect(mirrorAnswer([user("What's my name?")])).toBe(answer);
});

test("says of one message with quotations what it was reminded of, and no more", () => {
  const said = { id: "a", role: "user", content: "My name is Bob", createdAt: new Date(0) } as const;
  const block = recallBlock([{ items: [said] }]);
  expect(mirrorAnswer([user(withQuoted(block, "What's my name?"))])).toBe(
    'I was sent 1 message: this one. I was reminded that you said: "My name is Bob".',
  );
});

test("says what a table of contents lists, and takes it for no message", () => {
  const said = { id: "a", role: "user", content: "My name is Bob", createdAt: new Date(0) } as const;
  const listed = contentsBlock([said, { ...said, content: "I have a dog" }]);
  const sentence = 'I was sent the first words of: "My name is Bob" and "I have a dog".';
  expect(mirrorAnswer([user(withQuoted(listed, "Who am I?"))])).toBe(
    `I was sent 1 message: this one. ${sentence}`,
  );
  const both = withQuoted(listed, withQuoted(recallBlock([{ items: [said] }]), "Who am I?"));
  expect(mirrorAnswer([user(both)])).toBe(
    `I was sent 1 message: this one. ${sentence} I was reminded that you said: "My name is Bob".`,
  );
  expect(mirrorAnswer([user(withQuoted(listed, "Hi")), assistant("Hello"), user("Who am I?")])).toBe(
    `I was sent 3 messages. Before this one you said: "Hi". ${sentence}`,
  );
});

test("says with memory what the user said before", () => {
  const history = [
    user("My name is Bob"),
    assistant("I was sent 1 message: this one."),
    user("What's my name?"),
  ];
  expect(mirrorAnswer(history)).toBe('I was sent 3 messages. Before this one you said: "My name is Bob".');
});

test("quotes each earlier message of the user, oldest first, and no answer", () => {
  const history = [user("one"), assistant("A"), user("two"), user("three"), assistant("B"), user("now")];
  expect(mirrorAnswer(history)).toBe(
    'I was sent 6 messages. Before this one you said: "one", "two" and "three".',
  );
});

test("says so when none of the earlier messages is the user's", () => {
  expect(mirrorAnswer([assistant("Welcome"), user("Hello")])).toBe(
    "I was sent 2 messages. None of those before this one is from you.",
  );
});

test("quotes in one line, and long messages shortened between two characters", () => {
  expect(mirrorAnswer([user("two\n\n lines"), user("now")])).toContain('"two lines"');
  expect(mirrorAnswer([user("👋".repeat(300)), user("now")])).toContain(`"${"👋".repeat(200)}…"`);
});

test("gives a long answer in no more steps than a short one may have", async () => {
  const mirror = new Mirror({ wordDelayMs: 1 });
  const pieces: string[] = [];
  const long = Array.from({ length: 500 }, (_, index) => user(`a message of several words, number ${index}`));
  await mirror.generate(
    request(...long),
    {
      text: (piece) => pieces.push(piece),
      message() {},
      reasoning() {},
      toolCall() {},
      ending() {},
      alive() {},
    },
    new AbortController().signal,
  );
  expect(pieces.length).toBeLessThanOrEqual(100);
  expect(pieces.join("")).toBe(mirrorAnswer(long));
});

test("lists calls, outputs, images and files", () => {
  const image = { type: "image", url: "blob:x" } as const;
  const file = { type: "file", name: "a.pdf", url: "blob:y" } as const;
  expect(
    mirrorAnswer([
      { role: "user", content: "Where?", parts: [{ type: "text", text: "Where?" }, image, file] },
      { type: "function_call", callId: "1", name: "look", arguments: '{"at":1}' },
      { type: "function_call_output", callId: "1", content: "A tower." },
    ]),
  ).toBe(
    'I was sent 1 message. Before this one you said: "Where?". I called look with {"at":1}. ' +
      'The output was "A tower.". I was sent 1 image. I was sent 1 file: a.pdf.',
  );
});

const answerOf = async (settings: ModelSettings) => {
  const sink = new AnswerRecorder();
  const asked = { ...request(user("one")), settings };
  const { finishReason } = await new Mirror({ wordDelayMs: 0 }).generate(
    asked,
    sink,
    new AbortController().signal,
  );
  return { finishReason, answer: sink.answer, calls: sink.calls };
};

test("calls a tool only if it is demanded", async () => {
  const tools = [{ name: "look" }, { name: "now" }];
  const called = (name: string) => [{ id: undefined, name, arguments: "{}" }];
  expect(await answerOf({ tools })).toMatchObject({ finishReason: "complete", calls: [] });
  expect(await answerOf({ tools, toolChoice: "auto" })).toMatchObject({ calls: [] });
  expect(await answerOf({ tools, toolChoice: "required" })).toMatchObject({
    finishReason: "tool_call",
    calls: called("look"),
  });
  expect(await answerOf({ tools, toolChoice: { name: "now" } })).toMatchObject({ calls: called("now") });
});

test("ends at a limit, a token being a word", async () => {
  expect(await answerOf({ maxOutputTokens: 3 })).toMatchObject({
    finishReason: "length",
    answer: "I was sent ",
  });
});

test("costs nothing", async () => {
  const { models } = await new Mirror({ wordDelayMs: 0 }).availability();
  expect(models).toEqual([
    {
      id: "mirror",
      context_window: 8192,
      price: { input: 0, cached_input: 0, output: 0 },
      capabilities: { images: true, tools: true, reasoning: false },
    },
  ]);
});
