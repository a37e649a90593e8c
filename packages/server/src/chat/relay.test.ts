import { expect, onTestFinished, test, vi } from "vitest";
import type { ChatModel, Completion, ModelRequest } from "./chat-model.ts";
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

const run = (lost: AbortController, stop: AbortController) =>
  relay({
    model: endless,
    request,
    lost: lost.signal,
    out: { text() {}, reasoning() {}, toolCall() {} },
    deadlines: { firstTokenMs: 5000, idleMs: 5000 },
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
