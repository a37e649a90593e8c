import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Availability, ChatModel } from "./chat-model.ts";
import { Providers } from "./providers.ts";

/** A provider whose probes are answered one after the other, and a clock that is set by hand. */
function setUp() {
  const probes: ((availability: Availability) => void)[] = [];
  const model = {
    id: "ollama",
    name: "Local",
    defaultModel: "tiny:latest",
    availability: () => new Promise<Availability>((resolve) => probes.push(resolve)),
    isSameModel: (id: string, name: string) => id === `${name}:latest`,
  } as unknown as ChatModel;
  const clock = { now: 0 };
  return { model, probes, clock, providers: new Providers([model], { now: () => clock.now }) };
}
const has = (...ids: string[]): Availability => ({
  available: ids.length > 0,
  models: ids.map((id) => ({ id, context_window: null, price: null })),
});
const idsOf = async (availability: Promise<Availability>) => (await availability).models.map(({ id }) => id);

test("a list that is seconds old is renewed in the background, an older one is waited for", async () => {
  const { model, probes, clock, providers } = setUp();
  const first = providers.availability(model);
  probes[0]?.(has("a"));
  expect(await idsOf(first)).toEqual(["a"]);
  clock.now = 10_000;
  expect(await idsOf(providers.availability(model))).toEqual(["a"]);
  clock.now = 31_000;
  const waited = providers.availability(model);
  probes[1]?.(has("a", "b"));
  expect(await idsOf(waited)).toEqual(["a", "b"]);
});

test("a failure is cached for a moment, so that the next request does not wait for it again", async () => {
  const { model, probes, clock, providers } = setUp();
  const first = providers.availability(model);
  probes[0]?.(has());
  await first;
  clock.now = 1000;
  expect((await providers.availability(model)).available).toBe(false);
  expect(probes).toHaveLength(1);
  clock.now = 2000;
  const second = providers.availability(model);
  probes[1]?.(has("a"));
  expect((await second).available).toBe(true);
});

test("a turn is not refused by a failure that is a moment old", async () => {
  const { model, probes, providers } = setUp();
  const first = providers.availability(model);
  probes[0]?.(has());
  await first;
  const ready = providers.ready("ollama", "a");
  probes[1]?.(has("a"));
  expect(await ready).toMatchObject({ info: { id: "a" } });
});

test("a cached probe is dropped when a call finds the provider unavailable", async () => {
  const { model, probes, providers } = setUp();
  const first = providers.availability(model);
  probes[0]?.(has("a"));
  await first;
  providers.forget("ollama");
  const second = providers.availability(model);
  probes[1]?.(has());
  expect((await second).available).toBe(false);
});

test("a name that the provider takes for a model of its list is that model", async () => {
  const { probes, providers } = setUp();
  const ready = providers.ready("ollama", "tiny");
  probes[0]?.(has("tiny:latest"));
  expect(await ready).toMatchObject({ info: { id: "tiny:latest" }, listed: true });
});

describe("a request for a provider whose permits are all taken", () => {
  const { model } = setUp();
  const { signal } = new AbortController();

  async function fill(queue: number) {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const providers = new Providers([model], { concurrency: new Map([["ollama", 1]]), queue });
    const release = await providers.acquire(model, signal);
    return { providers, release, semaphore: providers.queues.get("ollama") };
  }

  test("is not called queued if the queue is full: it is refused", async () => {
    const { providers } = await fill(0);
    const onQueued = vi.fn();
    await expect(providers.acquire(model, signal, onQueued)).rejects.toMatchObject({
      code: "provider_overloaded",
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(onQueued).not.toHaveBeenCalled();
  });

  test.each([
    ["at once", 1],
    ["later", 2],
  ])("leaves the queue if its listener throws %s", async (_, failingCall) => {
    const { providers, release, semaphore } = await fill(1);
    const onQueued = vi.fn(() => {
      if (onQueued.mock.calls.length === failingCall) throw new Error("a bug");
    });
    const refused = expect(providers.acquire(model, signal, onQueued)).rejects.toThrow("a bug");
    await vi.advanceTimersByTimeAsync(20_000);
    await refused;
    expect(onQueued).toHaveBeenCalledTimes(failingCall);
    expect(semaphore).toMatchObject({ held: 1, waiting: 0 });
    release();
    expect(semaphore).toMatchObject({ held: 0 });
  });
});
