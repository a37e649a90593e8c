import OpenAI from "openai";
import type { Response, ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import { ResponsesWS } from "openai/resources/responses/ws";
import { expect, test } from "vitest";
import { recorded } from "../../test/fakes/recorded.ts";
import { startTestServer } from "../../test/test-server.ts";
import { startWithSdk } from "./sdk.fixture.ts";

const model = "chatgpt/gpt-5-mini";
const local = "ollama/llama3.2:3b";
const now = { type: "function" as const, name: "now", parameters: {}, strict: false };
const calling = {
  commentary: "Let me look.",
  pieces: [],
  toolCalls: [{ id: "call_1", name: "now", arguments: ["{}"] }],
};
const CALLED = [["commentary", "Let me look."], "now"];

/** What counts of an output, in order. */
const shapeOf = (output: readonly ResponseOutputItem[]) =>
  output.map((item) => {
    if (item.type === "function_call") return item.name;
    if (item.type !== "message") return item.type;
    return [item.phase, item.content.map((part) => (part.type === "output_text" ? part.text : "")).join("|")];
  });

test("the phases of an answer's messages come back: whole, streamed, replayed, from another server", async () => {
  const { openai, server } = await startWithSdk();
  server.openai.scenario = { packets: [recorded("openai-phases").body] };
  const output = [
    ["commentary", "Let me see."],
    ["final_answer", "It is 12:00."],
  ];
  const whole = await openai.responses.create({ model, input: "What time is it?" });
  expect(shapeOf(whole.output)).toEqual(output);

  const live: ResponseStreamEvent[] = [];
  for await (const event of await openai.responses.create({ model, input: "What time?", stream: true }))
    live.push(event);
  const added = live.flatMap((event) => (event.type === "response.output_item.added" ? [event.item] : []));
  expect(shapeOf(added)).toEqual([
    ["commentary", ""],
    ["final_answer", ""],
  ]);
  const last = live.at(-1);
  if (last?.type !== "response.completed") throw new Error("It did not complete");
  expect(shapeOf(last.response.output)).toEqual(output);

  const other = await startTestServer({ name: server.name });
  const elsewhere = new OpenAI({ apiKey: "any", baseURL: `${await other.listen()}/v1`, maxRetries: 0 });
  const { id } = last.response;
  expect((await elsewhere.responses.retrieve(id)).output).toEqual(last.response.output);
  const replayed: ResponseStreamEvent[] = [];
  for await (const event of await elsewhere.responses.retrieve(id, { stream: true })) replayed.push(event);
  expect(replayed).toEqual(live);
});

test("commentary, a call and the answer come back over a WebSocket, and go to the provider as they were", async () => {
  const { openai, server } = await startWithSdk();
  const ws = new ResponsesWS(openai);
  const respond = (request: object) =>
    new Promise<Response>((resolve, reject) => {
      ws.once("response.completed", (event) => resolve(event.response));
      ws.once("error", reject);
      ws.send({ type: "response.create", model, tools: [now], ...request });
    });
  for (const store of [true, false]) {
    server.openai.scenario = calling;
    const first = await respond({ store, input: "What time is it?" });
    expect(shapeOf(first.output)).toEqual(CALLED);
    server.openai.scenario = { commentary: "There it is.", pieces: ["It is ", "12:00."] };
    const output = { type: "function_call_output", call_id: "call_1", output: "12:00" };
    const second = await respond({ store, input: [output], previous_response_id: first.id });
    expect(shapeOf(second.output)).toEqual([
      ["commentary", "There it is."],
      ["final_answer", "It is 12:00."],
    ]);
    server.openai.scenario = { pieces: ["You are welcome."] };
    const third = await respond({ store, input: "Thanks", previous_response_id: second.id });
    expect(shapeOf(third.output)).toEqual([[undefined, "You are welcome."]]);
    expect((server.openai.lastTurn.body as { input: unknown }).input).toEqual([
      { role: "user", content: "What time is it?" },
      { role: "assistant", content: "Let me look.", phase: "commentary" },
      { type: "function_call", call_id: "call_1", name: "now", arguments: "{}" },
      output,
      { role: "assistant", content: "There it is.", phase: "commentary" },
      { role: "assistant", content: "It is 12:00.", phase: "final_answer" },
      { role: "user", content: "Thanks" },
    ]);
  }
  ws.close();
});

test("a client that sends its history has the phases passed on; a model without phases is sent one message", async () => {
  const { openai, server } = await startWithSdk();
  const input = [
    { role: "user" as const, content: "What time is it?" },
    { role: "assistant" as const, content: "Let me see.", phase: "commentary" as const },
    { role: "assistant" as const, content: "It is 12:00.", phase: "final_answer" as const },
    { role: "user" as const, content: "Thanks" },
  ];
  for (const store of [true, false]) {
    await openai.responses.create({ model, input, store });
    expect((server.openai.lastTurn.body as { input: unknown }).input).toEqual(input);
    await openai.responses.create({ model: local, input, store });
    expect((server.ollama.lastTurn.body as { messages: unknown }).messages).toEqual([
      input[0],
      { role: "assistant", content: "Let me see.\n\nIt is 12:00." },
      input[3],
    ]);
  }
});

test("where an answer is one text, its messages stand one under the other", async () => {
  const { openai, server } = await startWithSdk();
  server.openai.scenario = { commentary: "Let me see.", pieces: ["It is ", "12:00."] };
  const text = "Let me see.\n\nIt is 12:00.";
  const messages = [{ role: "user" as const, content: "What time is it?" }];
  const whole = await openai.chat.completions.create({ model, messages });
  expect(whole.choices[0]?.message.content).toBe(text);
  let streamed = "";
  for await (const { choices } of await openai.chat.completions.create({ model, messages, stream: true }))
    streamed += choices[0]?.delta.content ?? "";
  expect(streamed).toBe(text);
  const body = { message: "What time is it?", mode: "stateless", provider: "chatgpt" };
  expect((await server.inject("POST", "/chat", body)).json()).toMatchObject({ response: text });
});
