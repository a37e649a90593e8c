import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Activity, AnswerSink, ChatModel, Completion, ModelRequest } from "./chat-model.ts";
import { Providers } from "./providers.ts";
import { relay } from "./relay.ts";

const request: ModelRequest = { model: "m", system: "", items: [], contextWindow: 1000, promptTokens: 10 };

/** A model that answers until it is aborted. */
const endless: ChatModel = {
  id: "mirror",
  name: "Endless",
  defaultModel: "m",
  settings: [],
  lacks: [],
  availability: async () => ({ available: true, models: [] }),
  generate: (_, sink, signal) =>
    new Promise<Completion>((_, reject) => {
      signal.throwIfAborted();
      const timer = setInterval(() => sink.text("word "), 1);
      signal.addEventListener("abort", () => {
        clearInterval(timer);
        reject(signal.reason);
      });
    }),
  wireRequest: () => null,
  close: async () => {},
};

const run = (lost: AbortController, stop: AbortController, model = endless, acquire = async () => () => {}) =>
  relay({
    acquire,
    model,
    request,
    lost: lost.signal,
    out: { message() {}, text() {}, reasoning() {}, toolCall() {}, ending() {}, end() {} },
    deadlines: { firstTokenMs: 5000, idleMs: 3000 },
    upstream: stop,
    onFirstText: () => {},
    onActivity: () => {},
  });

const REASON = new Error("the turn was ended");

test.each<[string, (lost: AbortController, stop: AbortController) => void]>([
  ["in Redis", (lost) => lost.abort(REASON)],
  ["here", (_, stop) => stop.abort(REASON)],
])("a turn that was ended %s ends the work upstream, before it began and in the middle", async (_, end) => {
  for (const delayMs of [0, 20]) {
    const [lost, stop] = [new AbortController(), new AbortController()];
    if (delayMs === 0) end(lost, stop);
    else setTimeout(() => end(lost, stop), delayMs);
    await expect(run(lost, stop)).rejects.toBe(REASON);
  }
});

test("an answer that has ended leaves no timer behind, which would hold its request in memory", async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const stop = new AbortController();
  const answer = run(new AbortController(), stop);
  await vi.advanceTimersByTimeAsync(10);
  stop.abort(REASON);
  await expect(answer).rejects.toBe(REASON);
  expect(vi.getTimerCount()).toBe(0);
});

test.each<[string, string, (sink: AnswerSink) => void]>([
  ["sends nothing", "sent nothing for 5 s, ", () => {}],
  ["only shows that it is alive", "sent nothing for 25 s, ", (sink) => setInterval(() => sink.alive(), 1000)],
  ["stops sending", "sent nothing for 3 s in the middle of its answer, ", (sink) => sink.text("Hi")],
  [
    "stops sending, and shows that it is alive",
    "sent nothing for 25 s in the middle of its answer, ",
    (sink) => {
      sink.text("Hi");
      setInterval(() => sink.alive(), 1000);
    },
  ],
])("a model that %s is given up with the time that was waited", async (_, message, act) => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const model: ChatModel = {
    ...endless,
    generate: (_, sink, signal) =>
      new Promise((_, reject) => {
        act(sink);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const answer = run(new AbortController(), new AbortController(), model);
  const failure = answer.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await failure).toMatchObject({
    code: "provider_silent",
    message: `Endless ${message}so the turn was ended. Try again, or choose another provider.`,
  });
});

describe("a turn that waits for the answers of others", () => {
  const short: ChatModel = {
    ...endless,
    generate: async (_, sink) => {
      sink.text("Hi");
      return { usage: null, finishReason: "complete" };
    },
  };

  async function startQueued(stop = new AbortController()) {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const providers = new Providers([short], { concurrency: new Map([["mirror", 1]]), queue: 1 });
    const release = await providers.acquire(short, new AbortController().signal);
    const activities: Activity[] = [];
    const acquire = () => providers.acquire(short, stop.signal, () => activities.push("queued"));
    const answer = run(new AbortController(), stop, short, acquire);
    const end = answer.catch((error: unknown) => error);
    return { release, activities, end, queue: providers.queues.get("mirror") };
  }

  test("is not ended as if the provider were silent, and says that it waits", async () => {
    const { release, activities, end, queue } = await startQueued();
    await vi.advanceTimersByTimeAsync(62_000);
    expect(activities).toEqual(Array(13).fill("queued"));
    release();
    expect(await end).toEqual({ usage: null, finishReason: "complete" });
    expect(queue).toMatchObject({ held: 0, waiting: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("leaves the queue when it is stopped", async () => {
    const stop = new AbortController();
    const { end, queue } = await startQueued(stop);
    stop.abort(REASON);
    expect(await end).toBe(REASON);
    expect(queue).toMatchObject({ held: 1, waiting: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is refused after ten minutes", async () => {
    const { end, queue } = await startQueued();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await end).toMatchObject({ code: "provider_overloaded", retryAfter: 5 });
    expect(queue).toMatchObject({ held: 1, waiting: 0 });
  });
});
