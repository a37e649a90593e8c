import { chatResponse, statusResponse } from "@redis-memory-magic/protocol";
import { describe, expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

type Body = Record<string, unknown>;

async function conversation(server: Awaited<ReturnType<typeof startTestServer>>) {
  return async (message: string, fields: Body = {}): Promise<Body> => {
    const body = {
      message,
      mode: "stateful",
      provider: "mirror",
      session_id: "session_1732264800000_k3j9x2m1q",
      ...fields,
    };
    const answer = await server.inject("POST", "/chat", body);
    expect(answer.statusCode).toBe(200);
    return answer.json();
  };
}

describe("the original's API, to the letter", () => {
  test("GET / lists the endpoints", async () => {
    const server = await startTestServer();
    const answer = await server.inject("GET", "/");
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(statusResponse.parse(answer.json())).toEqual({
      status: "running",
      app: "Redis Memory Magic - Chat API Playground",
      // The original does not say which version runs.
      version: expect.any(String),
      revision: expect.any(String),
      modes: {
        stateless: "No memory - each message is independent",
        stateful: "Redis-backed memory - maintains conversation history",
      },
      providers: expect.objectContaining({
        chatgpt: "OpenAI ChatGPT API (cloud)",
        ollama: "Ollama local inference (on-premises)",
      }),
      services_available: expect.objectContaining({
        chatgpt: { stateless: true, stateful: true },
        ollama: { stateless: true, stateful: true },
      }),
    });
  });

  test("POST /chat answers with the original's fields, and adds its own beside them", async () => {
    const server = await startTestServer();
    const answer = await server.inject("POST", "/chat", {
      message: "Hello! How are you?",
      mode: "stateful",
      provider: "chatgpt",
      session_id: "optional-session-id",
    });
    const body = chatResponse.parse(answer.json());
    expect(body).toMatchObject({
      response: "Hello! How are you?",
      mode: "stateful",
      provider: "chatgpt",
      session_id: "optional-session-id",
      message_count: 2,
      model: "gpt-5-mini",
      status: "completed",
      stored: true,
    });
    expect(body.usage?.input_tokens).toBeGreaterThan(0);
  });

  test("without a session id the server makes one", async () => {
    const server = await startTestServer();
    const ask = { message: "Hi", mode: "stateless", provider: "mirror" };
    const [one, two] = [await server.inject("POST", "/chat", ask), await server.inject("POST", "/chat", ask)];
    expect(one.json().session_id).toMatch(/^session_/);
    expect(one.json().session_id).not.toBe(two.json().session_id);
  });

  test("POST /clear-session forgets the session, and is no error for one that is not there", async () => {
    const server = await startTestServer();
    const say = await conversation(server);
    await say("My name is Bob", { session_id: "session_abc123" });
    for (let time = 0; time < 2; time++) {
      const answer = await server.inject("POST", "/clear-session", { session_id: "session_abc123" });
      expect(answer.json()).toEqual({ status: "success", message: "Session session_abc123 cleared" });
    }
    expect(await say("Who am I?", { session_id: "session_abc123" })).toMatchObject({ message_count: 2 });
  });

  test("test 1: without memory it does not know the name", async () => {
    const say = await conversation(await startTestServer());
    await say("My name is Alice", { mode: "stateless" });
    const { response, message_count } = await say("What's my name?", { mode: "stateless" });
    expect(response).not.toContain("Alice");
    expect(response).toContain("I was sent 1 message");
    expect(message_count).toBe(4);
  });

  test("test 2: with memory it does", async () => {
    const say = await conversation(await startTestServer());
    await say("My name is Bob");
    expect((await say("What's my name?")).response).toContain("My name is Bob");
  });

  test("test 3: history is kept across providers", async () => {
    const server = await startTestServer();
    const say = await conversation(server);
    await say("I live in Paris", { provider: "chatgpt" });
    await say("And I have a cat", { provider: "ollama" });
    expect((await say("Where do I live?", { provider: "mirror" })).response).toContain("I live in Paris");
    expect(server.openai.turns[0]?.body).toMatchObject({
      store: false,
    });
    expect(server.ollama.lastTurn.body).toMatchObject({
      messages: [
        { role: "system" },
        { role: "user", content: "I live in Paris" },
        { role: "assistant", content: "I live in Paris" },
        { role: "user", content: "And I have a cat" },
      ],
    });
  });

  test("test 4: what was said without memory is there when it is switched on", async () => {
    const say = await conversation(await startTestServer());
    await say("I love pizza", { mode: "stateless" });
    expect((await say("What food do I like?", { mode: "stateful" })).response).toContain("I love pizza");
  });

  test("the keys in Redis follow the original's pattern, live for an hour, and are renewed", async () => {
    const server = await startTestServer();
    const say = await conversation(server);
    await say("Hi", { session_id: "session_abc123" });
    const keys = (await server.keys()).filter((key) => key.startsWith(`${server.name}:{session_abc123}:`));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) await server.command("EXPIRE", key, "10");
    await say("Hi again", { session_id: "session_abc123" });
    for (const key of keys) expect(Number(await server.command("TTL", key))).toBeGreaterThan(3590);
  });

  test("the log can be searched for a provider, and holds neither secrets nor what was said", async () => {
    const server = await startTestServer();
    const say = await conversation(server);
    await say("a-word-nobody-logs", { provider: "chatgpt" });
    await say("a-word-nobody-logs", { provider: "chatgpt", model: "fake-401" }).catch(() => {});
    const log = server.lines.join("");
    expect(log).toMatch(/openai/i);
    expect(log).not.toContain("a-word-nobody-logs");
    expect(log).not.toContain("sk-secret-of-the-tests");
  });

  test("the documentation is there, for people and for programs", async () => {
    const server = await startTestServer();
    expect((await server.inject("GET", "/docs")).statusCode).toBeLessThan(400);
    const paths = Object.keys((await server.inject("GET", "/openapi.json")).json().paths);
    expect(paths).toEqual(
      expect.arrayContaining(["/", "/chat", "/clear-session", "/providers", "/context-preview"]),
    );
    expect((await server.inject("GET", "/health/live")).json()).toEqual({ status: "ok" });
    expect((await server.inject("GET", "/health/ready")).json()).toEqual({ status: "ready", missing: [] });
  });
});
