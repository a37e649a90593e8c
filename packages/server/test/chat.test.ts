import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test, vi } from "vitest";
import { connectNodeRedis, uniqueName } from "../../memory/test/redis.ts";
import { type Caller, NO_QUOTA, type StorageQuota } from "../src/chat/caller.ts";
import { Chat } from "../src/chat/chat.ts";
import type { ChatModel, Completion } from "../src/chat/chat-model.ts";
import { Planner } from "../src/chat/plan.ts";
import { Providers } from "../src/chat/providers.ts";
import { SessionStore } from "../src/chat/session-store.ts";
import { TokenCounter } from "../src/chat/token-counter.ts";
import type { TurnRequest } from "../src/chat/turn-request.ts";
import { AppError } from "../src/errors/app-error.ts";
import { Mirror } from "../src/models/mirror/mirror.ts";

/** Asks a model in a session of a real Redis. */
async function start(
  model: ChatModel,
  quota: StorageQuota = NO_QUOTA,
  { providers = new Providers([model]), sent = async () => {}, settle = () => {} } = {},
) {
  const { client, subscriber, close } = await connectNodeRedis();
  const options = { client, subscriber, name: uniqueName(), owner: "local" };
  const sessions = new SessionStore({ ...options, ttlSeconds: 60, timeoutMs: 2000 });
  const permit = { sent, wrote: () => {}, settle };
  const caller: Caller = { sessions, quota, admitTurn: async () => permit };
  const tokens = new TokenCounter();
  const unexpected: unknown[] = [];
  const chat = new Chat({
    providers,
    planner: new Planner(providers, tokens),
    tokens,
    deadlines: { firstTokenMs: 10_000, idleMs: 10_000 },
    onTurnEnd: () => {},
    onUnexpected: (error) => unexpected.push(error),
  });
  onTestFinished(async () => {
    await chat.close(0);
    await sessions.clear("s");
    await close();
  });
  const ask = (content: string, more: Partial<TurnRequest> = {}) =>
    chat.ask(caller, {
      input: [{ role: "user", content }],
      mode: "stateful",
      provider: "mirror",
      session_id: "s",
      ...more,
    });
  return { chat, ask, sessions, unexpected };
}

test("a turn that is refused because of its history gives back the storage that it reserved", async () => {
  const reserved: number[] = [];
  const released: number[] = [];
  const quota: StorageQuota = {
    ...NO_QUOTA,
    reserve: async (_, bytes) => {
      reserved.push(bytes);
      return () => void released.push(bytes);
    },
  };
  const { ask, sessions } = await start(new Mirror({ wordDelayMs: 0 }), quota);
  const first = await ask("word ".repeat(200));
  await first.result();
  const refused = ask("Hi", { wholeHistory: true, context_tokens: 128 });
  await expect(refused).rejects.toMatchObject({ code: "context_too_small" });
  expect((await sessions.get("s"))?.count).toBe(2);
  expect(reserved).toHaveLength(2);
  expect(released).toEqual(reserved.slice(1));
});

test("a turn that is being begun when the server ends comes to a definite end before that", async () => {
  const { chat, ask, sessions } = await start(new Mirror({ wordDelayMs: 1000 }));
  const asked = ask("Hello");
  await chat.close(0);
  const { turnId } = await asked;
  expect((await sessions.turn("s", turnId))?.record.status).toBe("interrupted");
});

/** A model that does what `generate` does. */
const modelThat = (generate: ChatModel["generate"]): ChatModel => ({
  id: "mirror",
  name: "The model",
  defaultModel: "m",
  settings: [],
  lacks: [],
  availability: async () => ({ available: true, models: [] }),
  generate,
  wireRequest: () => null,
  close: async () => {},
});

test("a turn that is cancelled while the answers of others are awaited has used nothing", async () => {
  const model = new Mirror({ wordDelayMs: 0 });
  const providers = new Providers([model], { concurrency: new Map([["mirror", 1]]), queue: 1 });
  const release = await providers.acquire(model, new AbortController().signal);
  const sent = vi.fn(async () => {});
  const { ask, sessions, chat } = await start(model, NO_QUOTA, { providers, sent });
  const { turnId } = await ask("Hi");
  await expect.poll(() => providers.queues.get("mirror")?.waiting).toBe(1);
  await chat.cancel(sessions, "s", turnId);
  release();
  await expect.poll(() => chat.running).toBe(0);
  expect(sent).not.toHaveBeenCalled();
  const next = await ask("Hi");
  expect((await next.result()).response.status).toBe("completed");
  expect(sent).toHaveBeenCalledTimes(1);
});

test("a call that is made again for a smaller window keeps its text apart from earlier reasoning", async () => {
  let calls = 0;
  const refusesFirst = modelThat(async (_, sink) => {
    calls += 1;
    if (calls === 1) {
      sink.reasoning("Hm");
      throw new AppError("provider_context_exceeded", "The prompt is too long.");
    }
    sink.text("Hello");
    return { usage: null, finishReason: "complete" };
  });
  const { ask } = await start(refusesFirst);
  const turn = await ask("Hi");
  expect(await turn.result()).toMatchObject({ response: { status: "completed", response: "Hello" } });
  expect(turn.items()).toMatchObject([
    { type: "reasoning", content: "Hm" },
    { role: "assistant", content: "Hello" },
  ]);
});

test("a turn whose answer has too many calls fails with those before, and the session takes the next", async () => {
  const manyCalls = modelThat(async (_, sink) => {
    for (let index = 0; index <= 500; index++) sink.toolCall({ index, name: "now", arguments: "{}" });
    return { usage: null, finishReason: "complete" };
  });
  const { ask } = await start(manyCalls);
  for (const message of ["Hi", "Again"]) {
    const turn = await ask(message);
    expect((await turn.result()).error).toMatchObject({ code: "provider_failed" });
    expect(turn.items()).toHaveLength(500);
  }
});

test("a turn does not keep the history that it has read while its answer comes", async () => {
  const { promise: completion, resolve: complete } = Promise.withResolvers<Completion>();
  const { ask, sessions } = await start(
    modelThat((_, sink) => {
      sink.text("Hello");
      return completion;
    }),
  );
  let history: WeakRef<object> | undefined;
  const begin = sessions.begin.bind(sessions);
  sessions.begin = async (...turn) => {
    const begun = await begin(...turn);
    if (begun.kind === "begun") history = new WeakRef(begun.items);
    return begun;
  };
  const turn = await ask("Hi");
  const first = await turn.follow(0)[Symbol.asyncIterator]().next();
  expect(first.value).toMatchObject({ type: "text", text: "Hello" });
  // What a WeakRef was made for stays until the event loop goes on.
  await setImmediate();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const kept = history?.deref();
  complete({ usage: null, finishReason: "complete" });
  expect(await turn.result()).toMatchObject({ response: { status: "completed" } });
  expect(kept).toBeUndefined();
});

test("a request is not kept by those who wait for its answer, once the answer has begun", async () => {
  const { promise: completion, resolve: complete } = Promise.withResolvers<Completion>();
  const lengths: number[] = [];
  const { ask } = await start(
    modelThat(async ({ items }, sink) => {
      lengths.push(items.length);
      sink.reasoning("Hm");
      lengths.push(items.length);
      sink.text("Hello");
      lengths.push(items.length);
      return completion;
    }),
  );
  const turn = await ask("Hi");
  await turn.follow(0)[Symbol.asyncIterator]().next();
  complete({ usage: null, finishReason: "complete" });
  expect(await turn.result()).toMatchObject({ response: { status: "completed" } });
  expect(lengths).toEqual([1, 1, 0]);
});

test("a turn that meets a bug at its end is reported, runs no more, and does not keep the server from closing", async () => {
  const bug = new Error("a bug");
  const quota: StorageQuota = {
    ...NO_QUOTA,
    add: () => {
      throw bug;
    },
  };
  const { chat, ask, unexpected } = await start(new Mirror({ wordDelayMs: 1 }), quota);
  const turn = await ask("Hi");
  await expect(turn.result()).rejects.toBe(bug);
  await expect.poll(() => chat.running).toBe(0);
  expect(unexpected).toEqual([bug]);
  await ask("Again");
  await chat.close(0);
  expect(unexpected).toEqual([bug, bug]);
});

test("a turn that meets a bug before its end is stored as failed, and the session takes the next", async () => {
  let settled = 0;
  const settle = () => {
    settled += 1;
    if (settled === 1) throw new Error("a bug");
  };
  const { ask } = await start(new Mirror({ wordDelayMs: 0 }), NO_QUOTA, { settle });
  const turn = await ask("Hi");
  const updates = await Array.fromAsync(turn.follow(0));
  expect(updates.at(-1)).toMatchObject({ type: "end", outcome: { status: "failed" } });
  await expect(turn.result()).rejects.toThrow("a bug");
  expect(await (await ask("Again")).result()).toMatchObject({ response: { status: "completed" } });
});
