import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
// Loaded with the first turn otherwise, which takes time that a test with a clock of its own does not give it.
import "../stream/read-turn.ts";
import type { MessageAttachment } from "./attachment.ts";
import type { Choice } from "./choice.ts";
import { Conversation } from "./conversation.ts";
import { leaveOut } from "./not-recalled.ts";
import { forgetUnsent } from "./use-conversation.ts";

const SESSION = "session_1732264800000_k3j9x2m1q";
const TURN = "0123456789abcdef";
const choice: Choice = { mode: "stateful", provider: "mirror" };
const turn = { id: TURN, mode: "stateful", provider: "mirror", model: "mirror", status: "completed" };

/** The server's responses by method and path. Each is used once, except the last one. */
let routes: Record<string, (() => Response)[]>;
let asked: { path: string; body: unknown; key: string | null }[];

beforeEach(() => {
  routes = {};
  asked = [];
  vi.stubGlobal("fetch", async (url: string, { method, body, headers }: RequestInit) => {
    const path = `${method} ${url.replace(/^\.|\?.*/g, "").replace(`/api/sessions/${SESSION}`, "")}`;
    const key = new Headers(headers).get("idempotency-key");
    asked.push({ path, body: typeof body === "string" ? JSON.parse(body) : null, key });
    const answers = routes[path] ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const json = (body: unknown) => () => Response.json(body);
const problem = (status: number, body: object) => () =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json" } });
const message = (id: string, role: string, content: string, status = "completed") => ({
  id,
  role,
  content,
  created_at: "2026-01-01T00:00:00.000Z",
  turn: { ...turn, status },
});
const page = (...items: unknown[]) => json({ items, next_before: null });
function stream(text: string, end = "turn-completed", extra = {}) {
  const ids = { turn_id: TURN, session_id: SESSION };
  const frame = (event: string, id: string, data: object) =>
    `event: ${event}\nid: ${id}\ndata: ${JSON.stringify({ ...ids, ...data })}\n\n`;
  return () =>
    new Response(
      frame("turn-started", "0", { model: "mirror", stored: true }) +
        frame("text-delta", String(text.length), { text }) +
        frame(end, `${text.length}.end`, {
          response: text,
          output: [],
          model: "mirror",
          stored: true,
          ...extra,
        }),
    );
}
const contents = (conversation: Conversation) =>
  conversation.store.get().messages.map(({ role, content }) => `${role}: ${content}`);
const idle = (conversation: Conversation) => expect.poll(() => conversation.store.get().live).toBeNull();

test("keeps how it is answered: in Redis from the first turn on, and what it was sent with", async () => {
  routes["POST /api/chat"] = [stream("Hello")];
  routes["GET /items"] = [page(message("m1", "user", "Hi"), message("m2", "assistant", "Hello"))];
  routes["PATCH /settings"] = [json({ mode: "stateful", provider: "mirror", system: "Rhyme." })];
  const conversation = new Conversation(SESSION);
  conversation.changeSettings({ system: "Rhyme." });
  expect(conversation.store.get().settings).toEqual({ system: "Rhyme." });
  conversation.send("Hi", { ...choice, system: "Rhyme." });
  await idle(conversation);
  const stored = asked.filter(({ path }) => path === "PATCH /settings");
  expect(stored.map(({ body }) => body)).toEqual([
    { mode: "stateful", provider: "mirror", system: "Rhyme." },
  ]);
  conversation.send("Again", { ...choice, system: "Rhyme." });
  await idle(conversation);
  expect(asked.filter(({ path }) => path === "PATCH /settings")).toHaveLength(1);
  conversation.send("Without it", choice);
  expect(conversation.store.get().settings).toEqual(choice);
  await idle(conversation);
});

test("sends a message, shows the answer, then what Redis has", async () => {
  routes["POST /api/chat"] = [stream("Hello Bob")];
  routes["GET /items"] = [page(message("e-0", "user", "Hi"), message("e-1", "assistant", "Hello Bob"))];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", choice);
  expect(contents(conversation)).toEqual(["user: Hi", "assistant: "]);
  await expect.poll(() => conversation.store.get().messages.map(({ id }) => id)).toEqual(["e-0", "e-1"]);
  expect(contents(conversation)).toEqual(["user: Hi", "assistant: Hello Bob"]);
  expect(asked[0]).toMatchObject({ body: { message: "Hi", mode: "stateful", session_id: SESSION } });
});

test("retries an unanswered request with the same key, without a duplicate", async () => {
  const conversation = new Conversation(SESSION);
  routes["POST /api/chat"] = [
    () => {
      throw new TypeError("fetch failed");
    },
    stream("Hello"),
  ];
  routes["GET /items"] = [page(message("e-0", "user", "Hi"), message("e-1", "assistant", "Hello"))];
  conversation.send("Hi", choice);
  await expect.poll(() => conversation.store.get().messages[1]?.id).toBe("e-1");
  const keys = asked.filter(({ path }) => path === "POST /api/chat").map(({ key }) => key);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});

test("keeps a refused message with its reason and can send it again", async () => {
  const refusal = { code: "storage_unavailable", detail: "Redis does not answer.", status: 503 };
  routes["POST /api/chat"] = [problem(503, refusal), stream("Hello")];
  routes["GET /items"] = [page(message("e-0", "user", "Hi"), message("e-1", "assistant", "Hello"))];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", choice);
  await idle(conversation);
  const [refused] = conversation.store.get().messages;
  expect(refused).toMatchObject({
    delivery: "refused",
    refusal: { error: { message: "Redis does not answer." } },
  });
  if (refused) conversation.resend(refused, choice);
  await expect.poll(() => contents(conversation)).toEqual(["user: Hi", "assistant: Hello"]);
});

test("sends a stateless turn without an idempotency key when Redis is unreachable", async () => {
  routes["POST /api/chat"] = [
    problem(503, { code: "storage_unavailable", detail: "Away." }),
    stream("Hello", "turn-completed", { stored: false }),
  ];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", { ...choice, mode: "stateless" });
  await idle(conversation);
  const turns = asked.filter(({ path }) => path === "POST /api/chat");
  expect(turns.map(({ key }) => key === null)).toEqual([false, true]);
  expect(conversation.store.get().messages.map(({ delivery }) => delivery)).toEqual([
    "not-stored",
    "not-stored",
  ]);
});

test("follows another tab's turn and queues the message", async () => {
  const theirs = [message("e-0", "user", "Theirs"), message("e-1", "assistant", "To theirs")];
  routes["POST /api/chat"] = [
    problem(409, { code: "turn_in_progress", detail: "Busy.", turn_id: TURN }),
    stream("To mine"),
  ];
  routes["GET /items"] = [
    page(message("e-0", "user", "Theirs", "running")),
    page(...theirs),
    page(...theirs, message("e-2", "user", "Mine"), message("e-3", "assistant", "To mine")),
  ];
  routes[`GET /turns/${TURN}/events`] = [stream("To theirs")];
  const conversation = new Conversation(SESSION);
  conversation.send("Mine", choice);
  const all = ["user: Theirs", "assistant: To theirs", "user: Mine", "assistant: To mine"];
  await expect.poll(() => contents(conversation)).toEqual(all);
  const sent = asked.filter(({ path }) => path === "POST /api/chat");
  expect(sent.map(({ body }) => body)).toMatchObject([{ message: "Mine" }, { message: "Mine" }]);
  expect(asked.findIndex(({ path }) => path.endsWith("/events"))).toBeLessThan(
    asked.findLastIndex(({ path }) => path === "POST /api/chat"),
  );
});

test("follows a retry that runs, though Redis has the question with the turn that failed", async () => {
  const RETRY = "fedcba9876543210";
  const asking = message("e-0", "user", "Hi", "failed");
  routes["GET /items"] = [
    page(asking),
    page(asking, { ...message("e-1", "assistant", "Hello"), turn: { ...turn, id: RETRY } }),
  ];
  routes["GET /settings"] = [json({})];
  routes["GET "] = [json({ running_turn_id: RETRY })];
  routes[`GET /turns/${RETRY}`] = [
    json({ turn_id: RETRY, mode: "stateful", provider: "mirror", model: "mirror", status: "running" }),
  ];
  routes[`GET /turns/${RETRY}/events`] = [stream("Hello", "turn-completed", { turn_id: RETRY })];
  const conversation = new Conversation(SESSION);
  await conversation.load();
  await expect.poll(() => contents(conversation)).toEqual(["user: Hi", "assistant: Hello"]);
  await idle(conversation);
  expect(conversation.store.get().outcome).toBeNull();
  expect(asked.map(({ path }) => path)).toContain(`GET /turns/${RETRY}/events`);
});

test("shows why a turn failed and holds the queue", async () => {
  routes["POST /api/chat"] = [
    stream("Half", "turn-failed", { code: "provider_failed", detail: "It failed." }),
  ];
  routes["GET /items"] = [
    page(message("e-0", "user", "Hi", "failed"), message("e-1", "assistant", "Half", "failed")),
  ];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", choice);
  conversation.send("And this", choice);
  await idle(conversation);
  expect(conversation.store.get()).toMatchObject({
    outcome: { turnId: TURN, status: "failed", detail: "It failed." },
    waiting: [{ text: "And this" }],
  });
  conversation.retry(choice);
  await expect.poll(() => asked.at(-1)?.path).toBe("GET /items");
  expect(asked.findLast(({ path }) => path === "POST /api/chat")?.body).toMatchObject({ retry_of: TURN });
});

describe("an interrupted answer", () => {
  const away = problem(503, { code: "storage_unavailable", detail: "Redis does not answer." });
  const whole = page(
    message("e-0", "user", "Hi", "interrupted"),
    message("e-1", "assistant", "Half and more", "interrupted"),
  );
  const asksFor = () => asked.filter(({ path }) => path === "GET /items").length;

  function interrupt(...answers: (() => Response)[]): Conversation {
    vi.useFakeTimers();
    routes["POST /api/chat"] = [stream("Half", "turn-interrupted")];
    routes["GET /items"] = answers;
    routes[`GET /turns/${TURN}`] = [json({ turn_id: TURN, status: "interrupted" })];
    const conversation = new Conversation(SESSION);
    conversation.send("Hi", choice);
    return conversation;
  }

  test("is refreshed until Redis answers", async () => {
    const conversation = interrupt(away, away, whole);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(contents(conversation)).toEqual(["user: Hi", "assistant: Half"]);
    expect(asksFor()).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(contents(conversation)).toEqual(["user: Hi", "assistant: Half and more"]);
    expect(conversation.store.get().outcome).toMatchObject({ turnId: TURN, status: "interrupted" });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asksFor()).toBe(3);
  });

  test("is not refreshed for ever", async () => {
    const conversation = interrupt(away);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asksFor()).toBe(6);
    expect(conversation.store.get().outcome).toMatchObject({ status: "interrupted" });
  });

  test("is not refreshed after the page has left it", async () => {
    const conversation = interrupt(away);
    await vi.advanceTimersByTimeAsync(500);
    conversation.close();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asksFor()).toBe(1);
  });

  test("gives way to another turn that has started", async () => {
    const conversation = interrupt(away);
    await vi.advanceTimersByTimeAsync(500);
    routes["POST /api/chat"] = [() => new Response(new ReadableStream())];
    conversation.send("Another", choice);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asksFor()).toBe(1);
    expect(contents(conversation).at(-2)).toBe("user: Another");
    conversation.close();
  });
});

describe("a session that Redis no longer has", () => {
  const told = message("0a0a0a0a-0", "user", "My name is Eve");
  const answered = message("0a0a0a0a-1", "assistant", "Hello Eve");

  async function expired() {
    routes["GET /items"] = [page(told, answered), problem(404, { code: "session_not_found" })];
    const conversation = new Conversation(SESSION);
    await conversation.load();
    conversation.setExpiry(new Date(Date.now() - 1_000).toISOString());
    await conversation.refresh();
    return conversation;
  }

  test("keeps its messages as gone, with the time at which they expired", async () => {
    const { messages, gone } = (await expired()).store.get();
    expect(messages.map(({ delivery }) => delivery)).toEqual(["gone", "gone"]);
    expect(gone?.expiredAt).not.toBeNull();
  });

  test("was deleted if its TTL has not ended", async () => {
    routes["GET /items"] = [page(told, answered), page()];
    const conversation = new Conversation(SESSION);
    await conversation.load();
    conversation.setExpiry(new Date(Date.now() + 60_000).toISOString());
    await conversation.refresh();
    expect(conversation.store.get().gone).toEqual({ expiredAt: null });
  });

  test("gets its messages back", async () => {
    const conversation = await expired();
    routes["POST /api/sessions/import"] = [json({})];
    routes["GET /items"] = [page({ ...told, id: "0b0b0b0b-0" }, { ...answered, id: "0b0b0b0b-1" })];
    await conversation.putBack();
    expect(asked.find(({ path }) => path === "POST /api/sessions/import")?.body).toEqual({
      messages: [told, answered].map(({ role, content, created_at }) => ({ role, content, created_at })),
    });
    expect(conversation.store.get()).toMatchObject({ gone: null, load: "ready" });
    expect(conversation.store.get().messages.map(({ delivery }) => delivery)).toEqual(["stored", "stored"]);
  });

  test("is not missed after it was cleared here", async () => {
    routes["GET /items"] = [page(told, answered), page()];
    routes["POST /api/clear-session"] = [json({})];
    const conversation = new Conversation(SESSION);
    await conversation.load();
    await conversation.clear();
    await conversation.refresh();
    expect(conversation.store.get()).toMatchObject({ messages: [], gone: null, isCleared: true });
  });
});

/** A response that is given later. */
function later() {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return { answer: () => promise as unknown as Response, give: (make: () => Response) => resolve(make()) };
}

test("keeps a message that is sent while the stored ones are read", async () => {
  const items = later();
  routes["GET /items"] = [items.answer];
  routes["POST /api/chat"] = [later().answer];
  const conversation = new Conversation(SESSION);
  const refreshed = conversation.refresh();
  conversation.send("Hi", choice);
  items.give(page(message("e-0", "user", "Before"), message("e-1", "assistant", "Yes")));
  await refreshed;
  expect(contents(conversation)).toEqual(["user: Before", "assistant: Yes", "user: Hi", "assistant: "]);
});

test("does not show a failed answer again that is read while the retry runs", async () => {
  const failed = later();
  routes["GET /items"] = [failed.answer];
  routes["POST /api/chat"] = [stream("Half", "turn-failed", { code: "provider_failed" }), later().answer];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", choice);
  await vi.waitFor(() => expect(asked.at(-1)?.path).toBe("GET /items"));
  conversation.retry(choice);
  failed.give(page(message("e-0", "user", "Hi", "failed"), message("e-1", "assistant", "Half", "failed")));
  await new Promise((resolve) => setTimeout(resolve));
  expect(contents(conversation)).toEqual(["user: Hi", "assistant: "]);
});

test("keeps a turn that began and ended while older messages were read", async () => {
  const items = later();
  const before = [message("e-0", "user", "Before"), message("e-1", "assistant", "Yes")];
  const all = [...before, message("e-2", "user", "Hi"), message("e-3", "assistant", "Hello")];
  routes["GET /items"] = [items.answer, page(...all)];
  routes["POST /api/chat"] = [stream("Hello")];
  const conversation = new Conversation(SESSION);
  const refreshed = conversation.refresh();
  conversation.send("Hi", choice);
  await vi.waitFor(() => expect(conversation.store.get().messages.at(-1)?.id).toBe("e-3"));
  items.give(page(...before));
  await refreshed;
  expect(contents(conversation)).toEqual(["user: Before", "assistant: Yes", "user: Hi", "assistant: Hello"]);
});

test("asks for the settings again once, however many requests for them have failed", async () => {
  vi.useFakeTimers();
  routes["GET /items"] = [page(message("e-0", "user", "Hi"), message("e-1", "assistant", "Hello"))];
  const conversation = new Conversation(SESSION);
  for (let n = 0; n < 5; n++) await conversation.refresh();
  const count = () => asked.filter(({ path }) => path === "GET /settings").length;
  const before = count();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(count()).toBe(before + 1);
  conversation.close();
});

describe("a reload", () => {
  let room: number;
  beforeEach(() => {
    const kept = new Map<string, string>();
    room = Number.POSITIVE_INFINITY;
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem(name: string, value: string) {
        if (value.length > room) throw new Error("QuotaExceededError");
        kept.set(name, value);
      },
      removeItem: (name: string) => void kept.delete(name),
    });
  });
  function reloaded() {
    const conversation = new Conversation(SESSION);
    conversation.restoreQueue();
    return conversation;
  }
  const waiting = (conversation: Conversation) => conversation.store.get().waiting.map(({ text }) => text);

  test("shows a message that the server has refused, with the reason, and does not send it", async () => {
    routes["POST /api/chat"] = [problem(401, { code: "unauthenticated", detail: "Log in.", status: 401 })];
    routes["GET /items"] = [page(message("m1", "user", "Hi"), message("m2", "assistant", "Hello"))];
    const before = new Conversation(SESSION);
    before.send("A long message", choice);
    await idle(before);
    expect(before.hasUnsent).toBe(true);
    before.close();
    const after = reloaded();
    await after.load();
    after.sendEarly(choice);
    after.sendWaiting();
    expect(asked.filter(({ path }) => path === "POST /api/chat")).toHaveLength(1);
    expect(contents(after).at(-1)).toBe("user: A long message");
    const refused = after.store.get().messages.at(-1);
    expect(refused).toMatchObject({ delivery: "refused", refusal: { error: { message: "Log in." } } });
    after.discard(refused?.key ?? "");
    expect(contents(reloaded())).toEqual([]);
    expect(after.hasUnsent).toBe(false);
  });

  test("keeps a message whose attachments have no room, and does not send it without them", () => {
    const before = new Conversation(SESSION);
    room = 1_000;
    const file = { kind: "text", name: "a.txt", text: "x".repeat(1_000) } as unknown as MessageAttachment;
    before.send("Read this", null, [file]);
    before.send("And this", null);
    const after = reloaded();
    expect(waiting(after)).toEqual(["And this"]);
    expect(after.store.get().messages).toMatchObject([
      { content: "Read this", delivery: "refused", refusal: { error: { code: "attachments_lost" } } },
    ]);
  });

  test("forgets what a deleted session has not sent", () => {
    new Conversation(SESSION).send("Early", null);
    forgetUnsent(SESSION);
    expect(waiting(reloaded())).toEqual([]);
  });

  /** Sends a message, and opens the page again before the server has accepted it. */
  async function sendAndReload(): Promise<Conversation> {
    routes["POST /api/chat"] = [later().answer, stream("Hello")];
    routes["GET /items"] = [page(message("m1", "user", "Hi"), message("m2", "assistant", "Hello"))];
    const before = new Conversation(SESSION);
    before.send("Hi", choice);
    before.close();
    const after = reloaded();
    await after.load();
    await idle(after);
    return after;
  }

  test("repeats a request that was on its way, and shows its turn once", async () => {
    const after = await sendAndReload();
    const keys = asked.filter(({ path }) => path === "POST /api/chat").map(({ key }) => key);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(contents(after)).toEqual(["user: Hi", "assistant: Hello"]);
    expect(waiting(reloaded())).toEqual([]);
  });

  test("repeats the same request, with what is not to be recalled", async () => {
    leaveOut(SESSION, "m0");
    await sendAndReload();
    const [first, second] = asked.filter(({ path }) => path === "POST /api/chat");
    expect(first?.body).toMatchObject({ not_recalled: ["m0"] });
    expect(second?.body).toEqual(first?.body);
  });
});

test("repeats a request that was on its way when the messages are loaded again", async () => {
  routes["POST /api/chat"] = [later().answer, stream("Hello")];
  routes["GET /items"] = [page(), page(message("m1", "user", "Hi"), message("m2", "assistant", "Hello"))];
  const conversation = new Conversation(SESSION);
  conversation.send("Hi", choice);
  expect(conversation.hasUnsent).toBe(true);
  await conversation.load();
  expect(contents(conversation)).toEqual(["user: Hi", "assistant: "]);
  await idle(conversation);
  const keys = asked.filter(({ path }) => path === "POST /api/chat").map(({ key }) => key);
  expect(keys).toEqual([keys[0], keys[0]]);
  await expect.poll(() => contents(conversation)).toEqual(["user: Hi", "assistant: Hello"]);
  expect(conversation.hasUnsent).toBe(false);
});
