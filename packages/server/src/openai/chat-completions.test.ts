import type OpenAI from "openai";
import { expect, onTestFinished, test, vi } from "vitest";
import { within } from "../../test/within.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "mirror";
const now = { type: "function" as const, function: { name: "now", parameters: { type: "object" } } };
type Message = OpenAI.ChatCompletionMessageParam;

test("answers from the messages of the request, and leaves no key", async () => {
  const { openai, server } = await startWithSdk();
  const messages: Message[] = [
    { role: "system", content: "Be brief" },
    { role: "user", content: "My name is Bob" },
    { role: "assistant", content: "Hello Bob" },
    { role: "user", content: "Who am I?" },
  ];
  const done = await openai.chat.completions.create({ model, messages });
  expect(done).toMatchObject({
    object: "chat.completion",
    model,
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", refusal: null } }],
    usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
  });
  expect(done.choices[0]?.message.content).toBe(
    'I was sent 3 messages. Before this one you said: "My name is Bob".',
  );
  expect(done.id).toMatch(/^chatcmpl-[0-9a-f]{48}$/);
  expect(await server.keys()).toEqual([]);
});

test("takes what clients write in other ways than OpenAI's", async () => {
  const { server } = await startWithSdk();
  const image = "data:image/png;base64,iVBORw0KGgo=";
  const call = { id: "call_1", type: "function", function: { name: "now", arguments: "" } };
  const answer = await server.inject("POST", "/v1/chat/completions", {
    model: "chatgpt/gpt-5-mini",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "When?" },
          { type: "image_url", image_url: image },
        ],
      },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "12:00" },
    ],
    tools: [now],
    tool_choice: { type: "any" },
  });
  expect(answer.statusCode).toBe(200);
  const sent = server.openai.lastTurn.body;
  expect(sent).toMatchObject({
    input: [
      { content: [{ type: "input_text" }, { type: "input_image", image_url: image }] },
      { type: "function_call", arguments: "{}" },
      { type: "function_call_output", output: "12:00" },
    ],
    tool_choice: "required",
  });
});

test("stop is sent to a provider that has it, in both of its forms", async () => {
  const { server } = await startWithSdk();
  const messages = [{ role: "user", content: "Hi" }];
  for (const [stop, sent] of [
    ["END", ["END"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [null, undefined],
    [[], undefined],
  ]) {
    await server.inject("POST", "/v1/chat/completions", { model: "ollama/llama3.2:3b", messages, stop });
    expect((server.ollama.lastTurn.body as { stop?: unknown }).stop).toEqual(sent);
  }
});

test("streams chunks that the SDK's helper takes, the usage last if it is asked for", async () => {
  const { openai } = await startWithSdk({ mirrorDelayMs: 2 });
  const messages: Message[] = [{ role: "user", content: "Hi" }];
  const stream = openai.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  expect((await stream.finalChatCompletion()).choices[0]?.message.content).toContain("I was sent 1 message");
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  expect(chunks.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: "stop" }] });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  const plain = await openai.chat.completions.create({ model, messages, stream: true });
  for await (const { usage } of plain) expect(usage).toBeUndefined();
});

test("parallel calls have indices, and their outputs go back to the model", async () => {
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = {
    pieces: ["Let me see."],
    toolCalls: [
      { id: "call_1", name: "now", arguments: ['{"zone":', '"UTC"}'] },
      { id: "call_2", name: "now", arguments: ["{}"] },
    ],
  };
  const question: Message = { role: "user", content: "Time?" };
  const asked = { model: "llama3.2:3b", messages: [question], tools: [now] };
  const calls = [
    { id: "call_1", type: "function", function: { name: "now", arguments: '{"zone":"UTC"}' } },
    { id: "call_2", type: "function", function: { name: "now", arguments: "{}" } },
  ];
  const streamed = await openai.chat.completions.stream(asked).finalChatCompletion();
  expect(streamed.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: "Let me see.", tool_calls: calls },
  });
  const whole = await openai.chat.completions.create(asked);
  expect(whole.choices[0]?.message.tool_calls).toEqual(calls);
  server.ollama.scenario = {};
  const answer = whole.choices[0]?.message as Message;
  const outputs = calls.map(({ id }): Message => ({ role: "tool", tool_call_id: id, content: "12:00" }));
  await openai.chat.completions.create({ ...asked, messages: [question, answer, ...outputs] });
  const sent = server.ollama.lastTurn.body as {
    messages: { role: string; tool_calls?: unknown[] }[];
  };
  expect(sent.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool"]);
  expect(sent.messages[1]?.tool_calls).toHaveLength(2);
});

test("a call that was cut at the limit of tokens is not called whole", async () => {
  const { openai, server } = await startWithSdk();
  const toolCalls = [{ id: "call_1", name: "now", arguments: ['{"zo'] }];
  server.ollama.scenario = { pieces: [], toolCalls, finish: "length" };
  const asked = {
    model: "llama3.2:3b",
    messages: [{ role: "user" as const, content: "Time?" }],
    tools: [now],
  };
  const cut = { finish_reason: "length", message: { tool_calls: [{ function: { arguments: '{"zo' } }] } };
  expect((await openai.chat.completions.create(asked)).choices).toMatchObject([cut]);
  const ends = [];
  for await (const { choices } of await openai.chat.completions.create({ ...asked, stream: true }))
    ends.push(choices[0]?.finish_reason);
  expect(ends.at(-1)).toBe("length");
  const tools = [{ ...now.function, type: "function" as const, strict: false }];
  const response = await openai.responses.create({ model: "llama3.2:3b", input: "Time?", tools });
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output: [{ type: "function_call", status: "incomplete", arguments: '{"zo' }],
  });
});

test("a session_id keeps the history, which the page shows too", async () => {
  const { openai, server } = await startWithSdk();
  const say = async (content: string) => {
    const body = { model, messages: [{ role: "user" as const, content }], session_id: "mine" };
    return (await openai.chat.completions.create(body)).choices[0]?.message.content;
  };
  await say("My name is Bob");
  expect(await say("Who am I?")).toContain('"My name is Bob"');
  const shown = await server.inject("GET", "/sessions/mine/messages");
  expect(shown.json().messages).toHaveLength(4);
  const [first, second] = await Promise.all([say("left"), say("right")]);
  expect(
    [first, second].filter((text) => text?.includes('"left"') || text?.includes('"right"')),
  ).toHaveLength(1);
});

test("an image goes to a model that sees", async () => {
  const { openai, server } = await startWithSdk();
  const url = "https://example.org/cat.png";
  await openai.chat.completions.create({
    model: "chatgpt/gpt-5-mini",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ],
  });
  const sent = server.openai.lastTurn.body;
  expect(JSON.stringify(sent)).toContain(url);
});

test("what fails before its first word has a status, streamed or not", async () => {
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = { fail: { status: 429, body: { error: { message: "slow down" } } } };
  const body = { model: "llama3.2:3b", messages: [{ role: "user" as const, content: "Hi" }] };
  for (const stream of [true, false]) {
    await expect(openai.chat.completions.create({ ...body, stream })).rejects.toMatchObject({
      status: 429,
      code: "rate_limit_exceeded",
    });
  }
  server.ollama.scenario = { pieces: ["one ", "two "], errorAfter: 1 };
  const failing = async () => {
    for await (const _ of await openai.chat.completions.create({ ...body, stream: true })) {
      // Reads until it fails.
    }
  };
  await expect(failing()).rejects.toThrow();
});

test("a stream opens before a slow model's first word", async () => {
  const { timeout } = AbortSignal;
  const timeouts = vi.spyOn(AbortSignal, "timeout");
  timeouts.mockImplementation((ms) => timeout.call(AbortSignal, ms === 10_000 ? 1 : ms));
  onTestFinished(() => timeouts.mockRestore());
  const { openai, server } = await startWithSdk();
  server.ollama.scenario = { pieces: ["one"], pausedAfter: 0 };
  const messages: Message[] = [{ role: "user", content: "Hi" }];
  const opened = openai.chat.completions.create({ model: "llama3.2:3b", messages, stream: true });
  const chunks = (await within(5000, opened))[Symbol.asyncIterator]();
  const next = async () => (await chunks.next()).value?.choices[0]?.delta;
  expect(await next()).toMatchObject({ role: "assistant", content: "" });
  await server.ollama.resume();
  expect(await next()).toEqual({ content: "one" });
});

test("what cannot be done is refused with the field", async () => {
  const { openai } = await startWithSdk();
  const messages: Message[] = [{ role: "user", content: "Hi" }];
  await expect(openai.chat.completions.create({ model, messages, n: 2 })).rejects.toMatchObject({
    status: 400,
    param: "n",
    code: "unsupported_parameter",
  });
  for (const [param, value] of [
    ["logprobs", true],
    ["modalities", ["text", "audio"]],
  ] as const) {
    const refused = openai.chat.completions.create({ model, messages, [param]: value } as never);
    await expect(refused).rejects.toMatchObject({ status: 400, param, code: "unsupported_parameter" });
  }
  const always = { logprobs: false, modalities: ["text" as const] };
  const { choices } = await openai.chat.completions.create({ model, messages, ...always });
  expect(choices).toHaveLength(1);
  for (const wrong of [
    { messages: [] },
    { messages: [{ role: "system", content: "x" }] },
    { messages: [{ role: "tool", content: "x" }] },
    { messages: [{ role: "user" }, { role: "nobody", content: "x" }] },
    { messages, session_id: "a\u0000b" },
    { messages, tool_choice: { type: "function" }, tools: [now] },
  ]) {
    await expect(openai.chat.completions.create({ model, ...wrong } as never)).rejects.toMatchObject({
      status: 400,
    });
  }
});
