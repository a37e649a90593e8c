import type OpenAI from "openai";
import { describe, expect, onTestFinished, test } from "vitest";
import { startWithSdk } from "../src/openai/sdk.fixture.ts";
import { startFakeOllama } from "./fakes/ollama.ts";
import {
  deepSeekAnswer,
  deepSeekRefuses,
  type GeminiCall,
  GeminiLoop,
  reasoningOf,
  signatureOf,
} from "./fakes/tool-loops.ts";
import { startTestServer } from "./test-server.ts";

const model = "ollama/gemini-3-flash";
const names = ["now", "look"] as const;
const tools = names.map((name) => ({
  type: "function" as const,
  function: { name, parameters: { type: "object" } },
}));
const responseTools = names.map((name) => ({
  type: "function" as const,
  name,
  parameters: { type: "object" },
  strict: false,
}));

type Message = OpenAI.ChatCompletionMessageParam;
type Call = OpenAI.ChatCompletionMessageFunctionToolCall & GeminiCall;

const fakeModels = { "gemini-3-flash": { trained: 1_000_000, allocated: 1_000_000 } };

/** A server whose model is Gemini 3, which calls `now` and `look` at once first, then `look`, then answers. */
async function startGemini(options: Parameters<typeof startTestServer>[0] = {}) {
  const { server, openai } = await startWithSdk(options);
  const gemini = new GeminiLoop();
  server.ollama.models = fakeModels;
  server.ollama.refuses = gemini.refuses;
  const step = (...calls: string[]) => {
    server.ollama.scenario = calls.length > 0 ? gemini.callsOf(...calls) : { pieces: ["Noon."] };
  };
  step("now", "look");
  return { server, openai, gemini, step, ollama: server.ollama };
}

/** The calls of a request's messages, in order. */
const sentCalls = ({ body }: { readonly body: unknown }): GeminiCall[] =>
  (body as { messages: { tool_calls?: GeminiCall[] }[] }).messages.flatMap(
    ({ tool_calls = [] }) => tool_calls,
  );

const outputOf = ({ id }: { readonly id: string }): Message => ({
  role: "tool",
  tool_call_id: id,
  content: "12:00",
});

describe("Gemini's signatures", () => {
  test.each([{ stream: false }, { stream: true }])(
    "go through a client that keeps its own messages (stream: $stream)",
    async ({ stream }) => {
      const { openai, server, gemini, step, ollama } = await startGemini();
      const messages: Message[] = [{ role: "user", content: "What time is it?" }];
      const ask = async () => {
        if (!stream) return (await openai.chat.completions.create({ model, messages, tools })).choices[0];
        const calls: Call[] = [];
        let content = "";
        for await (const chunk of await openai.chat.completions.create({
          ...{ model, messages, tools },
          stream: true,
        })) {
          const { delta } = chunk.choices[0] ?? {};
          content += delta?.content ?? "";
          for (const { index, ...call } of delta?.tool_calls ?? []) {
            const known = calls[index];
            if (known) known.function.arguments += call.function?.arguments ?? "";
            else calls[index] = call as Call;
          }
        }
        const called = calls.length > 0 ? { tool_calls: calls } : {};
        return { message: { role: "assistant" as const, content, ...called } };
      };
      for (const names of [["now", "look"], ["look"]]) {
        step(...names);
        const message = (await ask())?.message;
        const calls = (message?.tool_calls ?? []) as Call[];
        expect(calls.map(({ function: { name } }) => name)).toEqual(names);
        expect(calls.map(signatureOf)).toEqual(calls.map(({ id }) => gemini.signatures.get(id)));
        messages.push(message as Message, ...calls.map(outputOf));
      }
      step();
      expect((await ask())?.message.content).toBe("Noon.");
      const sent = sentCalls(ollama.lastTurn);
      expect(sent.map(signatureOf)).toEqual(sent.map(({ id }) => gemini.signatures.get(id)));
      expect(sent.map(signatureOf)).toEqual([expect.any(String), undefined, expect.any(String)]);
      expect(ollama.turns).toHaveLength(3);
      expect(await server.keys()).toEqual([]);
    },
  );

  test("are kept in a session, whose client sends the outputs only", async () => {
    const { openai, step, ollama, gemini } = await startGemini();
    const session = { session_id: "s", model, tools };
    const ask = async (...messages: Message[]) =>
      (await openai.chat.completions.create({ ...session, messages })).choices[0]?.message;
    const first = await ask({ role: "user", content: "What time is it?" });
    step("look");
    const second = await ask(...(first?.tool_calls ?? []).map(outputOf));
    step();
    const third = await ask(...(second?.tool_calls ?? []).map(outputOf));
    expect(third?.content).toBe("Noon.");
    expect(await ask({ role: "user", content: "And now?" })).toMatchObject({ content: "Noon." });
    expect(ollama.turns).toHaveLength(4);
    expect(sentCalls(ollama.lastTurn).map(signatureOf).filter(Boolean)).toEqual([
      ...gemini.signatures.values(),
    ]);
  });

  test.each([{ store: true }, { store: false }])(
    "go through the Responses API (store: $store)",
    async ({ store }) => {
      const { openai, step, ollama } = await startGemini();
      let items: OpenAI.Responses.ResponseInput = [{ role: "user", content: "What time is it?" }];
      let previous: string | null = null;
      const ask = () =>
        openai.responses.create({
          ...{ model, store, tools: responseTools, input: items },
          ...(store && { previous_response_id: previous }),
        });
      for (const names of [["now", "look"], ["look"], []]) {
        step(...names);
        const { id, output, output_text } = await ask();
        const outputs = output.flatMap((item) =>
          item.type === "function_call"
            ? [{ type: "function_call_output" as const, call_id: item.call_id, output: "12:00" }]
            : [],
        );
        items = store ? outputs : [...items, ...(output as typeof items), ...outputs];
        previous = id;
        if (outputs.length === 0) expect(output_text).toBe("Noon.");
      }
      expect(ollama.turns).toHaveLength(3);
    },
  );

  test("are the same in the stream of a response and in the response", async () => {
    const { openai } = await startGemini();
    const shown = new Map<string, unknown[]>();
    const stream = openai.responses.stream({ model, input: "What time is it?", tools: responseTools });
    for await (const event of stream) {
      if (event.type === "response.output_item.added" || event.type === "response.output_item.done") {
        const { extra_content } = event.item as { extra_content?: unknown };
        shown.set(event.type, [...(shown.get(event.type) ?? []), extra_content]);
      }
    }
    const { output } = await stream.finalResponse();
    const whole = output.map((item) => (item as { extra_content?: unknown }).extra_content);
    expect(whole).toEqual([{ google: { thought_signature: expect.any(String) } }, undefined]);
    expect([...shown.values()]).toEqual([whole, whole]);
  });

  test("survive an export and an import", async () => {
    const { openai, server, step, ollama } = await startGemini();
    const session = { model, tools };
    const begun = await openai.chat.completions.create({
      ...session,
      ...{ session_id: "s" },
      messages: [{ role: "user", content: "What time is it?" }],
    });
    const file = (await server.inject("GET", "/sessions/s/export")).body;
    expect((await server.inject("POST", "/sessions/import?session_id=copy", file)).statusCode).toBe(201);
    step();
    const calls = begun.choices[0]?.message.tool_calls ?? [];
    const next = { ...session, session_id: "copy", messages: calls.map(outputOf) };
    expect((await openai.chat.completions.create(next)).choices[0]?.message.content).toBe("Noon.");
    expect(ollama.turns).toHaveLength(2);
  });

  test("are sent to no other provider, and to no other server", async () => {
    const { openai, server, gemini } = await startGemini();
    const session = { session_id: "s", tools };
    const begun = await openai.chat.completions.create({
      ...{ ...session, model },
      messages: [{ role: "user", content: "What time is it?" }],
    });
    const [signature = ""] = gemini.signatures.values();
    const messages = (begun.choices[0]?.message.tool_calls ?? []).map(outputOf);
    await openai.chat.completions.create({ ...session, messages, model: "chatgpt/gpt-5-mini" });
    expect(server.openai.lastTurn.body).toMatchObject({ input: { length: 5 } });
    expect(JSON.stringify(server.openai.lastTurn.body)).not.toContain(signature);

    const other = await startFakeOllama({ models: fakeModels });
    onTestFinished(() => other.close());
    const moved = await startTestServer({ name: server.name, env: { OLLAMA_BASE_URL: other.url } });
    const asked = { ...session, model, messages: [{ role: "user", content: "And now?" }] };
    expect((await moved.inject("POST", "/v1/chat/completions", asked)).statusCode).toBe(200);
    expect(sentCalls(other.lastTurn).map(({ function: { name } }) => name)).toEqual(["now", "look"]);
    expect(JSON.stringify(other.lastTurn.body)).not.toMatch(/extra_content|signature/);
  });

  test("stand in no text that people read or search", async () => {
    const { openai, server, gemini } = await startGemini();
    await openai.chat.completions.create({
      ...{ model, tools, session_id: "s" },
      messages: [{ role: "user", content: "What time is it?" }],
    });
    const [signature = ""] = gemini.signatures.values();
    const markdown = (await server.inject("GET", "/sessions/s/export?format=markdown")).body;
    expect(markdown).toContain("look");
    expect(markdown).not.toContain(signature);
    const { items } = (await server.inject("GET", "/sessions/s/items")).json();
    expect(items.map(({ content }: { content: string }) => content)).toEqual([
      "What time is it?",
      "{}",
      "{}",
    ]);
  });

  test("of calls that another model made are replaced as Google documents it, asked once", async () => {
    const { openai, ollama, step } = await startGemini();
    step();
    const call = (id: string) => ({
      id,
      type: "function" as const,
      function: { name: "now", arguments: "{}" },
    });
    const messages: Message[] = [
      { role: "user", content: "What time is it?" },
      { role: "assistant", content: null, tool_calls: [call("call_1"), call("call_2")] },
      ...[call("call_1"), call("call_2")].map(outputOf),
    ];
    const ask = async () =>
      (await openai.chat.completions.create({ model, tools, messages })).choices[0]?.message.content;
    expect(await ask()).toBe("Noon.");
    expect(ollama.turns).toHaveLength(2);
    expect(await ask()).toBe("Noon.");
    expect(ollama.turns).toHaveLength(3);
    expect(sentCalls(ollama.lastTurn).map(signatureOf)).toEqual([
      "skip_thought_signature_validator",
      undefined,
    ]);
  });

  test("that are too large end the turn, or refuse the request, and say so", async () => {
    const { openai, ollama } = await startGemini();
    const extra_content = { google: { thought_signature: "A".repeat(300_000) } };
    const call = { id: "call_1", type: "function" as const, function: { name: "now", arguments: "{}" } };
    const choices = [
      { index: 0, delta: { tool_calls: [{ ...call, extra_content }] }, finish_reason: "stop" },
    ];
    ollama.scenario = { packets: [`data: ${JSON.stringify({ choices })}\n\n`, "data: [DONE]\n\n"] };
    const question: Message = { role: "user", content: "What time is it?" };
    const ask = (...messages: Message[]) => openai.chat.completions.create({ model, tools, messages });
    await expect(ask(question)).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining("extra_content of a tool call has more than 256 KiB"),
    });
    const signed: Call = { ...call, extra_content };
    const calls: Message = { role: "assistant", content: null, tool_calls: [signed] };
    await expect(ask(question, calls, outputOf(call))).rejects.toMatchObject({
      status: 400,
      param: "messages[1].tool_calls[0].extra_content",
    });
  });
});

describe("DeepSeek's reasoning", () => {
  const model = "ollama/deepseek-v4-flash";
  const question: Message = { role: "user", content: "What time is it?" };

  async function startDeepSeek() {
    const { server, openai } = await startWithSdk();
    server.ollama.models = { "deepseek-v4-flash": { trained: 1_000_000, allocated: 1_000_000 } };
    server.ollama.refuses = deepSeekRefuses;
    const ask = async (fields: object, ...messages: Message[]) =>
      (await openai.chat.completions.create({ model, tools, messages, ...fields })).choices[0]
        ?.message as Message & OpenAI.ChatCompletionMessage;
    const answer = (...of: Parameters<typeof deepSeekAnswer>) => {
      server.ollama.scenario = deepSeekAnswer(...of);
    };
    return { server, openai, ollama: server.ollama, ask, answer };
  }

  /** The reasoning of each of the answers in a request, in order. */
  const sentReasoning = ({ body }: { readonly body: unknown }): unknown[] =>
    (body as { messages: Message[] }).messages.filter(({ role }) => role === "assistant").map(reasoningOf);

  test("is kept in a session, and sent with each answer where there are tools", async () => {
    const { server, ollama, ask, answer } = await startDeepSeek();
    const session = { session_id: "s" };
    answer("A clock would help.", "Let me look.", "call_1");
    await ask(session, question);
    answer("Another one, to be sure.", "", "call_2");
    await ask(session, outputOf({ id: "call_1" }));
    // The refusal of the first request with an answer has shown what is needed.
    expect(ollama.turns).toHaveLength(3);
    answer("Both say the same.", "Noon.");
    expect((await ask(session, outputOf({ id: "call_2" }))).content).toBe("Noon.");
    answer("They ask again.", "Still noon.");
    await ask(session, { role: "user", content: "And now?" });
    expect(ollama.turns).toHaveLength(5);
    expect(sentReasoning(ollama.lastTurn)).toEqual([
      "A clock would help.",
      "Another one, to be sure.",
      "Both say the same.",
    ]);
    const { items } = (await server.inject("GET", "/sessions/s/items")).json();
    const turnId = items.at(-1).turn.id;
    const { report } = (await server.inject("GET", `/sessions/s/turns/${turnId}`)).json();
    expect(report).toMatchObject({ intact: true });
    expect(report.normalized.map(({ change }: { change: string }) => change)).not.toContain(
      "reasoning_removed",
    );

    await ask({ ...session, tools: undefined }, { role: "user", content: "Thanks" });
    expect(sentReasoning(ollama.lastTurn)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("is counted where it is sent", async () => {
    const { server, ask, answer } = await startDeepSeek();
    const thought = "One clock more. ".repeat(500);
    answer(thought, "", "call_1");
    await ask({ session_id: "s" }, question);
    answer("", "Noon.");
    await ask({ session_id: "s" }, outputOf({ id: "call_1" }));
    const { items } = (await server.inject("GET", "/sessions/s/items")).json();
    const { report } = (await server.inject("GET", `/sessions/s/turns/${items.at(-1).turn.id}`)).json();
    expect(report.tokens.counted).toBeGreaterThan(1500);
    const sum = report.messages.reduce((all: number, { tokens }: { tokens: number }) => all + tokens, 0);
    expect(sum).toBeGreaterThan(1500);
  });

  test("goes through a client that keeps its own messages", async () => {
    const { openai, ollama, ask, answer } = await startDeepSeek();
    answer("A clock would help.", "", "call_1");
    const called = await ask({}, question);
    expect(reasoningOf(called)).toBe("A clock would help.");
    answer("It says noon.", "Noon.");
    expect((await ask({}, question, called, outputOf({ id: "call_1" }))).content).toBe("Noon.");
    expect(sentReasoning(ollama.lastTurn)).toEqual(["A clock would help."]);

    const messages = [question, called, outputOf({ id: "call_1" })];
    const { id } = await openai.chat.completions.create({ model, tools, messages, store: true });
    expect(sentReasoning(ollama.lastTurn)).toEqual(["A clock would help."]);
    const { data } = await openai.chat.completions.messages.list(id);
    expect(data.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });

  test("of other models, and of clients that send none, is empty", async () => {
    const { server, ollama, ask, answer } = await startDeepSeek();
    server.openai.scenario = { reasoning: ["Hm."], pieces: ["Hello."] };
    await ask({ session_id: "s", model: "chatgpt/gpt-5-mini" }, { role: "user", content: "Hi" });
    answer("", "Noon.");
    expect((await ask({ session_id: "s" }, question)).content).toBe("Noon.");
    expect(sentReasoning(ollama.lastTurn)).toEqual([""]);
    expect(JSON.stringify(ollama.lastTurn.body)).not.toContain("Hm.");
  });

  test("of another host is not sent", async () => {
    const { server, ollama, ask, answer } = await startDeepSeek();
    answer("A clock would help.", "", "call_1");
    await ask({ session_id: "s" }, question);
    const other = await startFakeOllama({ models: ollama.models });
    onTestFinished(() => other.close());
    other.refuses = deepSeekRefuses;
    const moved = await startTestServer({ name: server.name, env: { OLLAMA_BASE_URL: other.url } });
    const asked = { session_id: "s", model, tools, messages: [outputOf({ id: "call_1" })] };
    expect((await moved.inject("POST", "/v1/chat/completions", asked)).statusCode).toBe(200);
    expect(sentReasoning(other.lastTurn)).toEqual([""]);
    expect(JSON.stringify(other.lastTurn.body)).not.toContain("A clock");
  });

  test("is not sent to servers that do not ask for it", async () => {
    const { ollama, ask, answer } = await startDeepSeek();
    ollama.refuses = () => undefined;
    answer("A clock would help.", "", "call_1");
    const called = await ask({ session_id: "s" }, question);
    await ask({ session_id: "s" }, outputOf({ id: "call_1" }));
    await ask({}, question, called, outputOf({ id: "call_1" }));
    for (const turn of ollama.turns)
      expect(JSON.stringify(turn.body)).not.toMatch(/reasoning_content|A clock/);
  });
});
