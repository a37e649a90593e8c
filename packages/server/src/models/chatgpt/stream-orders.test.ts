import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { AnswerRecorder } from "../../../test/answer-recorder.ts";
import { recorded } from "../../../test/fakes/recorded.ts";
import { KEY, withFakeOpenAi } from "./chatgpt.fixture.ts";
import { ResponseReader } from "./wire.ts";

// The fixtures have the order of events, the fields and the kinds of items of OpenAI's streams, in short answers of our own.

const subject = withFakeOpenAi();
const never = new AbortController().signal;
const usage = (input_tokens: number, output_tokens: number, cached_tokens = 0) => ({
  input_tokens,
  cached_tokens,
  output_tokens,
});

const ANSWERS = {
  text: { answer: "Hello! How can I help?", usage: usage(11, 9) },
  "parallel-calls": {
    reasoned: "**Weighing two cities**\n\n**Asking for both**",
    answer: "I look up both.",
    phases: ["commentary"],
    calls: [
      { id: "call_AbC1", name: "weather", arguments: '{"city":"Rome"}' },
      { id: "call_AbC2", name: "weather", arguments: '{"city":"Oslo"}' },
    ],
    order: ["reasoning", "text", "toolCall"],
    finishReason: "tool_call",
    usage: usage(83, 152, 64),
  },
  phases: {
    answer: "Let me see.It is 12:00.",
    phases: ["commentary", "final_answer"],
    order: ["reasoning", "text"],
    usage: usage(40, 90),
  },
  "raw-reasoning": {
    reasoned: "The user greets; greet back.",
    answer: "Hi!",
    order: ["reasoning", "text"],
    usage: usage(9, 20),
  },
  refusal: { answer: "I'm sorry, I can't help with that.", finishReason: "refusal", usage: usage(20, 11) },
  incomplete: {
    answer: "Once upon a time",
    order: ["reasoning", "text"],
    finishReason: "length",
    usage: usage(15, 16),
  },
  "web-search": { answer: "Redis 8 is out.", usage: usage(300, 40) },
};

const eventsOf = (name: string): string[] =>
  recorded(`openai-${name}`)
    .body.split(/(?<=\n\n)/)
    .filter((event) => event !== "");

const inBytes = (name: string): Uint8Array[] => {
  const body = Buffer.from(recorded(`openai-${name}`).body);
  // Cut within events, lines and characters.
  return Array.from({ length: Math.ceil(body.length / 97) }, (_, n) => body.subarray(n * 97, (n + 1) * 97));
};

test.each(Object.entries(ANSWERS))("reads a stream with %s, however it is cut", async (name, wanted) => {
  for (const packets of [eventsOf(name), [eventsOf(name).join("")], inBytes(name)]) {
    subject.fake.scenario = { packets };
    const sink = new AnswerRecorder();
    const completion = await subject.model.generate(question, sink, never);
    const { answer, phases, reasoned, calls, order } = sink;
    expect({ answer, phases, reasoned, calls, order, ...completion }).toEqual({
      ...{ phases: [], reasoned: "", calls: [], order: ["text"], finishReason: "complete" },
      ...wanted,
    });
  }
});

const question = {
  ...{ model: "gpt-5-mini", system: "", items: [{ role: "user" as const, content: "Hi" }] },
  ...{ contextWindow: 272_000, promptTokens: 10 },
};

test.each(Object.entries(ANSWERS))("reads a response with %s that comes whole", async (name, wanted) => {
  const { response } = JSON.parse(eventsOf(name).at(-1)?.split("\ndata: ")[1] ?? "");
  const sink = new AnswerRecorder();
  const completion = new ResponseReader(sink, []).whole(response);
  const { answer, phases, reasoned, calls } = sink;
  const none = { phases: [], reasoned: "", calls: [], order: [] };
  const { order: _, ...rest } = { finishReason: "complete", ...none, ...wanted };
  expect({ answer, phases, reasoned, calls, ...completion }).toEqual(rest);
});

describe("a gateway that sends items whole", () => {
  const message = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] };
  const call = { type: "function_call", call_id: "c", name: "w", arguments: '{"a":1}' };
  const calling = { ...call, arguments: "" };
  const completed = (...output: object[]) => ({
    type: "response.completed",
    response: { status: "completed", output },
  });
  const added = (item: object, output_index = 0) => ({
    type: "response.output_item.added",
    output_index,
    item,
  });
  const done = (item: object, output_index = 0) => ({
    type: "response.output_item.done",
    output_index,
    item,
  });
  const argumentsDone = {
    type: "response.function_call_arguments.done",
    output_index: 0,
    arguments: call.arguments,
  };
  const argumentsDelta = {
    ...argumentsDone,
    type: "response.function_call_arguments.delta",
    delta: '{"a":1}',
  };
  const delta = (text: string) => ({ type: "response.output_text.delta", delta: text });
  const zero = { ...message, content: [{ type: "output_text", text: "0" }] };
  const reasoning = { type: "response.reasoning_text.delta", delta: "Hm" };
  const thought = { type: "reasoning", content: [{ type: "reasoning_text", text: "Hm" }] };
  const bare = ({ output_index: _, ...event }: Record<string, unknown>) => event;

  test.each([
    ["in the response", [completed(message, call)], "Hello", 1],
    ["in their last events", [done(message), done(call, 1), completed()], "Hello", 1],
    [
      "after they have begun",
      [added(message), done(message), added(calling, 1), done(call, 1), completed()],
      "Hello",
      1,
    ],
    ["a call's arguments alone", [added(calling), argumentsDone, done(call), completed(call)], "", 1],
    [
      "after pieces without an index",
      [delta("Hel"), delta("lo"), done(message), completed(message)],
      "Hello",
      0,
    ],
    [
      "after pieces without an index, in an event that has one",
      [delta("Hel"), delta("lo"), done(message, 1), done(call, 2), completed(message, call)],
      "Hello",
      1,
    ],
    ["after a piece that is a number", [{ ...delta("1"), delta: 0 }, done(zero), completed(zero)], "0", 0],
    ["after an empty piece", [{ ...delta(""), output_index: 0 }, done(message), completed()], "Hello", 0],
    ["in the response, after a reasoning without an index", [reasoning, completed(message)], "Hello", 0],
    [
      "in the response, after a reasoning with an index of its own",
      [{ ...reasoning, output_index: 0 }, completed(message)],
      "Hello",
      0,
    ],
    [
      "in the response, with the reasoning that had come in pieces",
      [reasoning, bare(done(thought)), completed(thought, message)],
      "Hello",
      0,
    ],
    ["a call whose beginning did not come", [argumentsDone, done(call), completed(call)], "", 1],
    [
      "a call whose arguments came in pieces, but not its beginning",
      [argumentsDelta, argumentsDone, done(call), completed(call)],
      "",
      1,
    ],
    ["a call that is named only in the response", [argumentsDelta, argumentsDone, completed(call)], "", 1],
    [
      "a call without an index",
      [bare(added(calling)), bare(argumentsDelta), bare(done(call)), completed(call)],
      "",
      1,
    ],
    ["items without an index", [bare(done(message)), bare(done(call)), completed(message, call)], "Hello", 1],
    [
      "items without an index that have begun",
      [bare(added(message)), bare(done(message)), bare(added(calling)), bare(done(call)), completed()],
      "Hello",
      1,
    ],
    [
      "a call's arguments in the response, without an index in the events",
      [bare(added(calling)), completed({ type: "web_search_call" }, call)],
      "",
      1,
    ],
    ["in a last event without them", [delta("Hello"), { type: "response.done", response: {} }], "Hello", 0],
    ["in a last event without anything", [delta("Hello"), { type: "response.completed" }], "Hello", 0],
    ["with its text as a text", [completed({ ...message, content: "Hello" })], "Hello", 0],
    [
      "in the Realtime API's last event",
      [delta("Hello"), { ...completed(message), type: "response.done" }],
      "Hello",
      0,
    ],
  ])("%s", (_, events, answer, calls) => {
    const sink = new AnswerRecorder();
    const reader = new ResponseReader(sink, []);
    const ends = events.map((event) => reader.event(event)).filter((end) => end !== undefined);
    expect(ends).toEqual([{ finishReason: calls > 0 ? "tool_call" : "complete", usage: null }]);
    expect(sink.answer).toBe(answer);
    expect(sink.reasoned).toBe(JSON.stringify(events).includes('"Hm"') ? "Hm" : "");
    expect(sink.calls).toEqual(calls > 0 ? [{ id: "c", name: "w", arguments: '{"a":1}' }] : []);
  });
});

test("messages without a phase become one text, until one has a phase", () => {
  const sink = new AnswerRecorder();
  const reader = new ResponseReader(sink, []);
  for (const [output_index, phase] of [null, null, "final_answer", "a phase of tomorrow"].entries()) {
    reader.event({ type: "response.output_item.added", output_index, item: { type: "message", phase } });
    reader.event({ type: "response.output_text.delta", output_index, delta: `${output_index}` });
  }
  reader.packetEnd();
  expect(sink.pieces).toEqual(["0\n\n1", "2", "3"]);
  expect(sink.phases).toEqual(["final_answer", undefined]);
});

test("keeps what was said before a stream failed", async () => {
  subject.fake.scenario = { packets: eventsOf("failed") };
  const sink = new AnswerRecorder();
  await expect(subject.model.generate(question, sink, never)).rejects.toMatchObject({
    code: "provider_failed",
  });
  expect(sink.answer).toBe("Well,");
});

test.each(Object.keys(ANSWERS))("the fixture %s is one that OpenAI's own client takes", async (name) => {
  subject.fake.scenario = { packets: eventsOf(name) };
  const client = new OpenAI({ apiKey: KEY, baseURL: subject.fake.url, maxRetries: 0 });
  const stream = client.responses.stream({ model: "gpt-5-mini", input: "Hi" });
  const numbers: number[] = [];
  for await (const event of stream) numbers.push(event.sequence_number);
  expect(numbers).toEqual(eventsOf(name).map((_, n) => n));
  const { output_text } = await stream.finalResponse();
  const { answer } = ANSWERS[name as keyof typeof ANSWERS];
  expect(output_text).toBe(name === "refusal" ? "" : answer);
});
