import { expect, onTestFinished, test, vi } from "vitest";
import type { AnswerSink, ChatModel, Completion } from "../src/chat/chat-model.ts";
import { startTestServer } from "./test-server.ts";

const QUEUED_MS = 540_000;
const HELLO: Completion = { usage: null, finishReason: "complete" };

/**
 * A server on a real Redis, for whose lease and provider time passes as the test says.
 * @param generate what the provider does when it is asked
 */
async function startServer(
  generate: (sink: AnswerSink, signal: AbortSignal) => Promise<Completion>,
  env: Record<string, string> = {},
) {
  const model: ChatModel = {
    id: "embedded",
    name: "Silent",
    defaultModel: "m",
    settings: [],
    lacks: [],
    availability: async () => ({
      available: true,
      models: [{ id: "m", context_window: null, price: null }],
    }),
    generate: (_, sink, signal) => generate(sink, signal),
    wireRequest: () => null,
    close: async () => {},
  };
  const server = await startTestServer({ models: [model], env });
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const ask = (session_id: string) =>
    server.inject("POST", "/chat", { message: "Hi", mode: "stateful", provider: "embedded", session_id });
  return { ask };
}

test("a turn that waits in the queue for nine minutes, and then for its provider, is completed", async () => {
  const answers: (() => void)[] = [];
  const generate = (sink: AnswerSink) =>
    new Promise<Completion>((resolve) =>
      answers.push(() => {
        sink.text("Hello");
        resolve(HELLO);
      }),
    );
  const { ask } = await startServer(generate, { PROVIDER_CONCURRENCY: "embedded=1" });
  const first = ask("first");
  await expect.poll(() => answers.length).toBe(1);
  const second = ask("second");
  await vi.advanceTimersByTimeAsync(QUEUED_MS);
  answers[0]?.();
  expect((await first).json()).toMatchObject({ status: "completed" });
  await expect.poll(() => answers.length).toBe(2);
  await vi.advanceTimersByTimeAsync(70_000);
  answers[1]?.();
  expect((await second).json()).toMatchObject({ status: "completed", response: "Hello" });
});

test("a provider that only shows that it is alive is given up by name", async () => {
  let called = false;
  const generate = (sink: AnswerSink, signal: AbortSignal) =>
    new Promise<Completion>((_, reject) => {
      const timer = setInterval(() => sink.alive(), 17_000);
      signal.addEventListener("abort", () => {
        clearInterval(timer);
        reject(signal.reason);
      });
      called = true;
    });
  const { ask } = await startServer(generate);
  const answer = ask("s");
  await expect.poll(() => called).toBe(true);
  await vi.advanceTimersByTimeAsync(620_000);
  const failed = await answer;
  expect([failed.statusCode, failed.json()]).toMatchObject([502, { code: "provider_silent" }]);
});

test("a first word may take longer than ten minutes if the operator allows it", async () => {
  let say: (() => void) | undefined;
  const generate = (sink: AnswerSink) =>
    new Promise<Completion>((resolve) => {
      say = () => {
        sink.text("Hello");
        resolve(HELLO);
      };
    });
  const { ask } = await startServer(generate, { FIRST_TOKEN_TIMEOUT_SECONDS: "2147483" });
  const answer = ask("s");
  await expect.poll(() => say).toBeDefined();
  await vi.advanceTimersByTimeAsync(800_000);
  say?.();
  expect((await answer).json()).toMatchObject({ status: "completed", response: "Hello" });
});
