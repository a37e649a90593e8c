import { expect, onTestFinished, test, vi } from "vitest";
import { watchConnection } from "./watch-connection.ts";

test("a PING that was answered leaves no timer behind", async () => {
  vi.useFakeTimers();
  const { stop } = watchConnection(
    { isReady: true, ping: async () => "PONG", destroy() {}, connect: async () => {} },
    60_000,
    () => expect.unreachable(),
  );
  onTestFinished(() => {
    stop();
    vi.useRealTimers();
  });
  await vi.advanceTimersByTimeAsync(5000);
  // The interval of the PINGs.
  expect(vi.getTimerCount()).toBe(1);
});
