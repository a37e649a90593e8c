import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AppError } from "../../../errors/app-error.ts";
import { Supervisor } from "./supervisor.ts";

const runtime = new URL("./fake-llama-cpp.fixture.ts", import.meta.url).href;
const never = new AbortController().signal;
const sink = { text() {}, message() {}, reasoning() {}, toolCall() {}, ending() {}, alive() {} };
const request = {
  system: "",
  messages: [{ role: "user", content: "Hello" }],
  settings: {},
  contextWindow: 4_096,
  promptTokens: 10,
} as const;

let warnings: string[];
let supervisor: Supervisor;

beforeEach(() => {
  warnings = [];
  const warn = (_: object, message: string) => warnings.push(message);
  supervisor = new Supervisor({ info() {}, warn, error() {} });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await supervisor.close();
});

const failureOf = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => {
      throw new Error("It did not fail.");
    },
    (error: AppError) => error,
  );

test("starts no more processes when the runtime crashes each time, and tries again after a while", async () => {
  const installed = { runtime, modelPath: "crashes-when-loaded" };
  const start = () => failureOf(supervisor.ready(installed, never));
  for (const _ of [1, 2, 3]) {
    expect(await start()).toMatchObject({
      code: "provider_unavailable",
      message: "The built-in model could not be loaded: signal SIGSEGV. Try again.",
    });
  }
  expect(supervisor.unavailable).toBe("The built-in model failed 3 times in a row: signal SIGSEGV.");
  expect(await start()).toMatchObject({ code: "provider_unavailable", retryAfter: 30 });
  expect(warnings).toHaveLength(3);

  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + 31_000);
  expect(supervisor.unavailable).toBeUndefined();
  expect(await start()).toMatchObject({ message: expect.stringContaining("could not be loaded") });
  expect(await start()).toMatchObject({ retryAfter: 60 });
  expect(warnings).toHaveLength(4);
});

test("says what is wrong with a model that cannot be loaded", async () => {
  const failure = await failureOf(supervisor.ready({ runtime, modelPath: "is-no-model" }, never));
  expect(failure.message).toBe("The built-in model could not be loaded: Failed to load model. Try again.");
  const missing = await failureOf(supervisor.ready({ runtime: "file:///nowhere.js", modelPath: "" }, never));
  expect(missing.message).toContain("Cannot find module");
});

test("counts crashes in mid-answer, and starts anew after each", async () => {
  const installed = { runtime, modelPath: "crashes-when-asked" };
  const pids = new Set<number | undefined>();
  for (const _ of [1, 2, 3]) {
    const process = await supervisor.ready(installed, never);
    pids.add(process.pid);
    const answer = process.answer(request, sink, never);
    expect(await failureOf(answer.completion)).toMatchObject({
      code: "provider_broke_off",
      message: expect.stringContaining("signal SIGSEGV"),
    });
    await answer.free;
  }
  expect(pids.size).toBe(3);
  expect(supervisor.unavailable).toContain("3 times in a row");
});

test("forgets crashes after an answer that was whole", async () => {
  const installed = { runtime, modelPath: "crashes-when-loaded" };
  await failureOf(supervisor.ready(installed, never));
  await failureOf(supervisor.ready(installed, never));
  supervisor.succeeded();
  await failureOf(supervisor.ready(installed, never));
  expect(supervisor.unavailable).toBeUndefined();
});

test("who waits for a pause can leave", async () => {
  const installed = { runtime, modelPath: "crashes-when-loaded" };
  await failureOf(supervisor.ready(installed, never));
  await failureOf(supervisor.ready(installed, never));
  const reason = new Error("no longer");
  const abort = new AbortController();
  const waiting = supervisor.ready(installed, abort.signal);
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
