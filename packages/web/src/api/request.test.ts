import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { request } from "./request.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
    const { promise, reject } = Promise.withResolvers<Response>();
    signal?.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function outcomeAfter(ms: number, body: unknown): Promise<string> {
  let outcome = "waits";
  request("/chat", { method: "POST", body }).catch(({ code }) => {
    outcome = code;
  });
  await vi.advanceTimersByTimeAsync(ms);
  return outcome;
}

test("gives up a server that does not answer within 15 seconds", async () => {
  expect(await outcomeAfter(14_000, "Hi")).toBe("waits");
  expect(await outcomeAfter(15_100, "Hi")).toBe("timeout");
});

test("leaves an image the time that a slow uplink needs", async () => {
  const image = "x".repeat(6_700_000);
  expect(await outcomeAfter(400_000, image)).toBe("waits");
  expect(await outcomeAfter(440_000, image)).toBe("timeout");
});
