import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOllama, startFakeOllama } from "./ollama.ts";
import { recorded } from "./recorded.ts";

describe("the fake Ollama", () => {
  let fake: FakeOllama;
  let client: OpenAI;
  const messages = [{ role: "user" as const, content: "Hi there" }];

  beforeEach(async () => {
    fake = await startFakeOllama({ models: { "qwen:0.5b": { trained: 32_768, allocated: 512 } } });
    client = new OpenAI({ apiKey: "ollama", baseURL: fake.url, maxRetries: 0 });
  });
  afterEach(() => fake.close());

  test("streams a completion that OpenAI's client can put together", async () => {
    fake.scenario = { pieces: ["Hello", " you"], usage: { input: 9, output: 2 } };
    const stream = client.chat.completions.stream({
      model: "qwen:0.5b",
      messages,
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.content).toBe("Hello you");
    expect(completion.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 2 });
  });

  test("answers whole", async () => {
    const completion = await client.chat.completions.create({ model: "qwen:0.5b", messages });
    expect(completion.choices[0]?.message.content).toBe("Hi there");
  });

  test("has the form of what a real Ollama sent", async () => {
    const body = { model: "qwen:0.5b", messages, stream: true, stream_options: { include_usage: true } };
    const streamed = await post(`${fake.url}/chat/completions`, body);
    expect(formsOf(streamed)).toEqual(formsOf(recorded("chat-completions-stream").body));
    const whole = await post(`${fake.url}/chat/completions`, { ...body, stream: false });
    expect(formOf(JSON.parse(whole))).toEqual(formOf(JSON.parse(recorded("chat-completions").body)));
    const unknown = await post(`${fake.url}/chat/completions`, { ...body, model: "nope:1b" });
    expect(unknown).toBe(recorded("chat-completions-unknown-model").body.trim());
    expect(formOf(await (await fetch(`${fake.url}/models`)).json())).toEqual(
      formOf(JSON.parse(recorded("models-v1").body)),
    );
    const ps = (await (await fetch(`${fake.origin}/api/ps`)).json()) as object;
    expect(JSON.parse(recorded("ps-loaded").body)).toMatchObject({
      models: [{ name: "qwen:0.5b", model: "qwen:0.5b", context_length: 512 }],
    });
    expect(ps).toMatchObject({ models: [{ name: "qwen:0.5b", model: "qwen:0.5b", context_length: 512 }] });
  });

  test("answers with a recorded exchange", async () => {
    fake.replay(recorded("chat-completions"));
    const completion = await client.chat.completions.create({ model: "qwen:0.5b", messages });
    expect(completion.choices[0]?.message.content).toBe("My name is Bob.");
  });

  test("has nothing under /api when it stands for another server", async () => {
    const other = await startFakeOllama({ native: false });
    expect((await fetch(`${other.origin}/api/ps`)).status).toBe(404);
    await other.close();
  });
});

async function post(url: string, body: unknown): Promise<string> {
  return (await fetch(url, { method: "POST", body: JSON.stringify(body) })).text();
}

/** The forms of a stream's chunks: which there are, not how often one follows another. */
const formsOf = (stream: string): unknown[] => {
  const data = stream.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice(6)] : []));
  const forms = data.map((text) => (text === "[DONE]" ? text : JSON.stringify(formOf(JSON.parse(text)))));
  return forms.filter((form, index) => form !== forms[index - 1]);
};

/** The types of a value's parts, in the order of their names. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, formOf(part)]));
}
