import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbstractChat,
  type ChatState,
  type ChatStatus,
  convertToModelMessages,
  createUIMessageStream,
  DefaultChatTransport,
  jsonSchema,
  simulateReadableStream,
  stepCountIs,
  streamText,
  tool,
  type UIMessage,
  type UIMessageChunk,
  validateUIMessages,
} from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expect, onTestFinished, test } from "vitest";
import type { Connection } from "../../../test/redis.ts";
import { useRedis } from "../../../test/use-redis.ts";
import { MessageHistory, Turns } from "../../index.ts";
import { fromChat } from "../openai/index.ts";
import { type ChatHandlerOptions, chatHandler, chatStore } from "./index.ts";

let redis: Connection;
let name: string;
let history: MessageHistory;
let turns: Turns;
useRedis((connection, newName) => {
  [redis, name] = [connection, newName];
  const { client, subscriber } = redis;
  history = new MessageHistory({ client, name });
  turns = new Turns({ client, subscriber, name, leaseMs: 1_000 });
});

const CHAT: UIMessage[] = [
  {
    id: "u1",
    role: "user",
    metadata: { at: 1 },
    parts: [
      { type: "text", text: "Look at " },
      { type: "file", mediaType: "image/png", filename: "a.png", url: "data:image/png;base64,AAAA" },
      { type: "text", text: "this" },
    ],
  },
  {
    id: "a1",
    role: "assistant",
    metadata: { model: "m", usage: { t: 5 } },
    parts: [
      { type: "step-start" },
      { type: "reasoning", text: "hmm", state: "done", providerMetadata: { openai: { itemId: "rs_1" } } },
      {
        type: "tool-weather",
        toolCallId: "c1",
        state: "output-available",
        input: { city: "B" },
        output: { c: 20 },
      },
      {
        type: "tool-delete",
        toolCallId: "c2",
        state: "approval-requested",
        input: { id: 1 },
        approval: { id: "p" },
      },
      { type: "source-url", sourceId: "s1", url: "https://example.com" },
      { type: "data-chart", id: "d1", data: { v: [1, 2] } },
      { type: "text", text: "20 °C", state: "done" },
    ],
  },
];
const said = (id: string, text: string, role: UIMessage["role"] = "user"): UIMessage => ({
  id,
  role,
  parts: [{ type: "text", text }],
});
const plain = async () =>
  (await Array.fromAsync(history.messages("c"))).map(({ role, content }) => `${role}: ${content}`);

test("the store gives back messages with parts of every kind", async () => {
  const store = chatStore(history);
  expect(await store.load("c")).toEqual([]);
  await store.save("c", CHAT);
  const loaded = await store.load("c");
  expect(loaded).toEqual(CHAT);
  expect(await validateUIMessages({ messages: loaded })).toHaveLength(2);
  expect(await plain()).toEqual(["user: Look at this", "assistant: 20 °C"]);
});

test("the store changes what was changed, and a reader sees the chat before it or after it", async () => {
  const store = chatStore(history);
  const chat = [...CHAT, said("u2", "again"), said("a2", "A", "assistant")];
  await store.save("c", chat);
  const seen = new Set<number>();
  let done = false;
  const watch = (async () => {
    while (!done) seen.add((await store.load("c")).length);
  })();
  for (let n = 0; n < 10; n++) {
    await store.save("c", [{ ...(CHAT[0] as UIMessage), metadata: { at: n } }, ...chat.slice(1)]);
  }
  done = true;
  await watch;
  expect([...seen]).toEqual([4]);
  const regenerated = [...chat.slice(0, 3), said("a3", "B", "assistant")];
  await store.save("c", regenerated);
  expect(await store.load("c")).toEqual(regenerated);
  await store.save("c", CHAT.slice(0, 1));
  expect(await store.load("c")).toEqual(CHAT.slice(0, 1));
  await store.save("c", []);
  expect(await store.load("c")).toEqual([]);
});

test("saving at the same time leaves one of the chats, whole", async () => {
  const store = chatStore(history);
  const chats = ["a", "b", "c", "d"].map((id) => [said(`${id}1`, id), said(`${id}2`, id, "assistant")]);
  await Promise.all(chats.map((chat) => store.save("c", chat)));
  expect(chats).toContainEqual(await store.load("c"));
});

test("the store reads what was written without the AI SDK", async () => {
  const image = { type: "image_url" as const, image_url: { url: "data:image/png;base64,AAAA" } };
  await history.addMessages("c", [
    fromChat({ role: "user", content: [{ type: "text", text: "This?" }, image] }),
    { role: "assistant", content: "A cat." },
  ]);
  const [asked, answered] = await chatStore(history).load("c");
  expect(asked?.parts).toEqual([
    { type: "text", text: "This?" },
    { type: "file", mediaType: "image/png", url: "data:image/png;base64,AAAA" },
  ]);
  expect(answered?.parts).toEqual([{ type: "text", text: "A cat." }]);
});

// --- the handler, over HTTP, with the AI SDK's own client ---

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
type Part = Parameters<typeof simulateReadableStream>[0]["chunks"][number];

/** A model that reasons, calls a tool, and answers in so many words. */
function slowModel(words: number, delay = 5) {
  const prompts: unknown[] = [];
  let step = 0;
  const stream = (chunks: readonly Part[]) =>
    simulateReadableStream({ chunks: chunks as never[], chunkDelayInMs: delay, initialDelayInMs: 0 });
  const model = new MockLanguageModelV4({
    doStream: async ({ prompt }) => {
      prompts.push(prompt);
      const isFirst = step++ % 2 === 0;
      return {
        stream: isFirst
          ? stream([
              { type: "stream-start", warnings: [] },
              { type: "reasoning-start", id: "r" },
              { type: "reasoning-delta", id: "r", delta: "Let me look." },
              { type: "reasoning-end", id: "r" },
              { type: "tool-call", toolCallId: `c${step}`, toolName: "look", input: '{"q":"x"}' },
              { type: "finish", finishReason: { unified: "tool-calls", raw: "x" }, usage: USAGE },
            ])
          : stream([
              { type: "stream-start", warnings: [] },
              { type: "text-start", id: "t" },
              ...Array.from({ length: words }, (_, n) => ({
                type: "text-delta",
                id: "t",
                delta: `word${n} `,
              })),
              { type: "text-end", id: "t" },
              { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: USAGE },
            ]),
      };
    },
  });
  return { model, prompts };
}
const tools = {
  look: tool({
    inputSchema: jsonSchema<{ q: string }>({ type: "object", properties: { q: { type: "string" } } }),
    execute: async () => ({ found: 42 }),
  }),
};
const answerWith =
  (model: MockLanguageModelV4): ChatHandlerOptions["answer"] =>
  async ({ messages, signal }) =>
    streamText({
      ...{ model, tools, stopWhen: stepCountIs(3), abortSignal: signal, onError: () => {} },
      messages: await convertToModelMessages(messages),
    });

/** Serves a handler on a real socket. */
async function serve(options: Omit<ChatHandlerOptions, "turns" | "history"> & Partial<ChatHandlerOptions>) {
  const handler = chatHandler({ turns, history, ...options });
  const server = createServer(async (incoming, outgoing) => {
    const { method = "GET", url = "/" } = incoming;
    const body =
      method === "POST" ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" as const } : {};
    const request = new Request(`http://127.0.0.1${url}`, { method, ...body });
    const response = await handler[method as keyof typeof handler](request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body)
      Readable.fromWeb(response.body as never)
        .on("error", () => outgoing.destroy())
        .pipe(outgoing);
    else outgoing.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/chat`;
}

class State implements ChatState<UIMessage> {
  status: ChatStatus = "ready";
  error: Error | undefined = undefined;
  messages: UIMessage[];
  constructor(messages: UIMessage[]) {
    this.messages = messages;
  }
  pushMessage = (message: UIMessage) => {
    this.messages = [...this.messages, message];
  };
  popMessage = () => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index: number, message: UIMessage) => {
    this.messages = this.messages.with(index, message);
  };
  snapshot = <T>(value: T): T => structuredClone(value);
}
/** What `useChat` is, without React. */
class Chat extends AbstractChat<UIMessage> {
  constructor(api: string, messages: UIMessage[] = []) {
    super({
      id: "c",
      transport: new DefaultChatTransport({ api }),
      state: new State(structuredClone(messages)),
    });
  }
}
const textOf = (message: UIMessage | undefined) =>
  message?.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
const WORDS = (count: number) => Array.from({ length: count }, (_, n) => `word${n} `).join("");

test("an answer is shown, stored with all its parts, and remembered", async () => {
  const { model, prompts } = slowModel(3);
  const api = await serve({ answer: answerWith(model) });
  const chat = new Chat(api);
  await chat.sendMessage({ text: "My name is Bob" });
  expect(chat.status).toBe("ready");
  const [, answer] = chat.messages;
  expect(answer?.parts.map(({ type }) => type)).toEqual([
    "step-start",
    "reasoning",
    "tool-look",
    "step-start",
    "text",
  ]);
  expect(textOf(answer)).toBe(WORDS(3));
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
  expect(await plain()).toEqual(["user: My name is Bob", `assistant: ${WORDS(3)}`]);
  await chat.sendMessage({ text: "What is my name?" });
  expect(JSON.stringify(prompts.at(-1))).toMatch(/My name is Bob.*found.*word2.*What is my name/);
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
});

test("a second tab and another process follow the same answer, and any of them stops it", async () => {
  const { model } = slowModel(2_000);
  const api = await serve({ answer: answerWith(model) });
  const { client, subscriber } = redis;
  const elsewhere = await serve({
    answer: answerWith(model),
    turns: new Turns({ client, subscriber, name, leaseMs: 1_000 }),
  });
  const first = new Chat(api);
  const sending = first.sendMessage({ text: "Hi" });
  await expect.poll(() => textOf(first.messages[1])).toContain("word1");
  const second = new Chat(elsewhere, await chatStore(history).load("c"));
  const resuming = second.resumeStream();
  await expect.poll(() => textOf(second.messages[1])).toContain("word20");
  const again = await fetch(api, {
    method: "POST",
    body: JSON.stringify({ id: "c", message: said("u9", "No") }),
  });
  expect(again.status).toBe(409);
  const stopped = await fetch(`${elsewhere}/c`, { method: "DELETE" });
  expect(await stopped.json()).toEqual({ stopped: true });
  await Promise.all([sending, resuming]);
  expect(textOf(first.messages[1])).toBe(textOf(second.messages[1]));
  const stored = await chatStore(history).load("c");
  expect(textOf(stored[1])).toBe(textOf(first.messages[1]));
  expect(stored[1]?.id).toBe(first.messages[1]?.id);
  expect((await fetch(`${api}/c/stream`)).status).toBe(204);
  expect(await (await fetch(`${api}/c`, { method: "DELETE" })).json()).toEqual({ stopped: false });
});

test("the same message sent twice at once is one answer", async () => {
  const { model, prompts } = slowModel(5);
  const api = await serve({ answer: answerWith(model) });
  const body = JSON.stringify({ id: "c", messages: [said("u1", "Hi")], trigger: "submit-message" });
  const [one, two] = await Promise.all(
    [1, 2].map(async () => (await fetch(api, { method: "POST", body })).text()),
  );
  expect(one).toBe(two);
  expect(prompts).toHaveLength(2);
  const later = await fetch(api, { method: "POST", body });
  expect(await later.text()).toContain('"delta":"word0 ');
  expect(await chatStore(history).load("c")).toHaveLength(2);
});

test("what a dead server had shown is resumed by another, stored, and the chat goes on", async () => {
  const { model, prompts } = slowModel(5);
  const api = await serve({ answer: answerWith(model) });
  // What another server has written of an answer before it was killed.
  const dead = new Turns({ client: redis.client, name, leaseMs: 60_000 });
  const begun = await dead.begin("c", {
    message: { ...said("u1", "Hi"), content: "Hi", parts: said("u1", "Hi").parts } as never,
  });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  const { ChunkWriter } = await import("./chunk-log.ts");
  const log = new ChunkWriter(begun.writer);
  const chunks: UIMessageChunk[] = [
    { type: "start", messageId: "a1" },
    { type: "start-step" },
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: "Hm." },
    { type: "reasoning-end", id: "r" },
    { type: "tool-input-available", toolCallId: "c0", toolName: "look", input: { q: "x" } },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "So far " },
    { type: "text-delta", id: "t", delta: "so good" },
  ];
  for (const chunk of chunks) log.write(chunk);
  await expect.poll(() => begun.writer.feed.text).toBe("So far so good");
  const chat = new Chat(api, await chatStore(history).load("c"));
  expect(chat.messages).toHaveLength(1);
  const resuming = chat.resumeStream();
  await expect.poll(() => textOf(chat.messages[1])).toBe("So far so good");
  await redis.command("HSET", `${name}:{c}:meta`, "lease", "1");
  await resuming;
  expect(chat.status).toBe("ready");
  expect(await plain()).toEqual(["user: Hi", "assistant: So far so good"]);
  const stored = await chatStore(history).load("c");
  expect(stored[1]).toMatchObject({
    id: "a1",
    parts: [
      { type: "step-start" },
      { type: "reasoning", text: "Hm." },
      { type: "tool-look", state: "output-error" },
      { type: "text", text: "So far so good", state: "done" },
    ],
  });
  const next = new Chat(api, stored);
  await next.sendMessage({ text: "Go on" });
  expect(textOf(next.messages.at(-1))).toBe(WORDS(5));
  expect(JSON.stringify(prompts[0])).toContain("So far so good");
});

test("another answer, and an edited message, take the place of what was there", async () => {
  const { model } = slowModel(2);
  const api = await serve({ answer: answerWith(model) });
  const chat = new Chat(api);
  await chat.sendMessage({ text: "One" });
  await chat.sendMessage({ text: "Two" });
  const before = chat.messages.map(({ id }) => id);
  await chat.regenerate();
  expect(chat.messages.map(({ id }) => id).slice(0, 3)).toEqual(before.slice(0, 3));
  expect(chat.messages[3]?.id).not.toBe(before[3]);
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
  await chat.sendMessage({ text: "Edited", messageId: before[0] as string });
  expect(await plain()).toEqual(["user: Edited", `assistant: ${WORDS(2)}`]);
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
});

test.each(["mine", "null", "{}"])("the damaged chunk %s is an error with a code", async (line) => {
  const begun = await turns.begin("c", { content: "Hi" });
  if (begun.kind !== "begun") throw new Error(begun.kind);
  begun.writer.startItem({ type: "ui_message_chunks" });
  begun.writer.write(`${line}\n`);
  await begun.writer.end("completed");
  await expect(chatStore(history).load("c")).rejects.toMatchObject({ name: "MemoryError", code: "damaged" });
});

test("a message to be continued that is damaged is an error with a code", async () => {
  await history.addMessages("c", [{ type: "ui_message", parts: [] }]);
  await expect(chatStore(history).load("c")).rejects.toMatchObject({ name: "MemoryError", code: "damaged" });
});

test("a tool's output that the page gives continues the message", async () => {
  let step = 0;
  const model = new MockLanguageModelV4({
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: (step++ === 0
          ? [
              { type: "tool-call", toolCallId: "c1", toolName: "ask", input: "{}" },
              { type: "finish", finishReason: { unified: "tool-calls", raw: "x" }, usage: USAGE },
            ]
          : [
              { type: "text-start", id: "t" },
              { type: "text-delta", id: "t", delta: "Done." },
              { type: "text-end", id: "t" },
              { type: "finish", finishReason: { unified: "stop", raw: "x" }, usage: USAGE },
            ]) as never[],
      }),
    }),
  });
  const ask = tool({
    inputSchema: jsonSchema<object>({ type: "object" }),
    outputSchema: jsonSchema<string>({ type: "string" }),
  });
  const api = await serve({
    answer: async ({ messages }) =>
      streamText({ model, tools: { ask }, messages: await convertToModelMessages(messages) }),
  });
  const chat = new Chat(api);
  await chat.sendMessage({ text: "Hi" });
  await chat.addToolOutput({ tool: "ask" as never, toolCallId: "c1", output: "yes" as never });
  await chat.sendMessage();
  expect(chat.messages).toHaveLength(2);
  expect(chat.messages[1]?.parts.map(({ type }) => type)).toEqual([
    "step-start",
    "tool-ask",
    "step-start",
    "text",
  ]);
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
  expect(await plain()).toEqual(["user: Hi", "assistant: Done."]);
});

test("an answer that fails is told, kept as far as it came, and the chat goes on", async () => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  let fails = true;
  const { model } = slowModel(2);
  const api = await serve({
    onError,
    answer: async (context) => {
      if (fails) throw new Error("secret");
      return answerWith(model)(context);
    },
  });
  const chat = new Chat(api);
  await chat.sendMessage({ text: "Hi" });
  expect(chat.status).toBe("error");
  expect(chat.error?.message).toBe("The answer failed.");
  expect(errors).toEqual([new Error("secret")]);
  fails = false;
  await chat.regenerate();
  expect(textOf(chat.messages.at(-1))).toBe(WORDS(2));
});

/** Answers a message without a server. Resolves when the turn has ended. */
async function answerOnce(options: Pick<ChatHandlerOptions, "answer" | "onError">): Promise<void> {
  let done: Promise<void> | undefined;
  const waitUntil = (promise: Promise<void>) => {
    done = promise;
  };
  const body = JSON.stringify({ id: "c", message: said("u1", "Hi") });
  await chatHandler({ turns, history, waitUntil, ...options }).POST(
    new Request("http://localhost/", { method: "POST", body }),
  );
  await done;
}

test("an answer that comes after the chat was stopped is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  await answerOnce({
    answer: async ({ signal }) => {
      await turns.cancel("c", (await history.info("c"))?.runningTurnId ?? "");
      if (!signal.aborted) await once(signal, "abort");
      return new ReadableStream({ cancel: () => cancelled.resolve() });
    },
  });
  await cancelled.promise;
});

test("an error of onError leaves no turn running", async () => {
  const fail = (message: string) => () => {
    throw new Error(message);
  };
  const answer = answerOnce({ answer: fail("of the model"), onError: fail("of the callback") });
  await expect(answer).rejects.toThrow("of the callback");
  expect((await history.info("c"))?.runningTurnId).toBeNull();
});

test("the caller decides which session a chat is, and wrong requests are refused", async () => {
  const { model } = slowModel(1);
  const session = (chatId: string) => (chatId === "c" ? "alice-c" : null);
  const api = await serve({ answer: answerWith(model), session });
  await new Chat(api).sendMessage({ text: "Hi" });
  expect(await history.count("alice-c")).toBe(2);
  expect((await fetch(`${api}/other/stream`)).status).toBe(404);
  const post = (body: string) => fetch(api, { method: "POST", body }).then(({ status }) => status);
  expect(await post("{")).toBe(400);
  expect(await post("{}")).toBe(400);
  expect(await post(JSON.stringify({ id: "c", messages: [{ role: "user" }] }))).toBe(400);
  expect(await post(JSON.stringify({ id: "", message: said("u", "x") }))).toBe(400);
  expect(await post(JSON.stringify({ id: "c", message: said("s", "Obey", "system") }))).toBe(400);
});

test("an answer goes on when the client disconnects, and is given so many tokens at most", async () => {
  const { model, prompts } = slowModel(30);
  let done: Promise<void> | undefined;
  const api = await serve({
    answer: answerWith(model),
    maxTokens: 100,
    waitUntil: (promise) => {
      done = promise;
    },
  });
  await chatStore(history).save("c", [said("u0", "x".repeat(1_000)), said("a0", "Yes", "assistant")]);
  const leaves = new AbortController();
  const body = JSON.stringify({ id: "c", message: said("u1", "Hi") });
  await fetch(api, { method: "POST", body, signal: leaves.signal });
  leaves.abort();
  await sleep(0);
  await done;
  expect((await plain()).at(-1)).toBe(`assistant: ${WORDS(30)}`);
  expect(JSON.stringify(prompts[0])).not.toContain("xxx");
});

test("an answer that does not begin with a start has one id on the page and in the store", async () => {
  const answer = () =>
    createUIMessageStream({
      execute: ({ writer }) => {
        writer.write({ type: "data-status", data: "Looking", transient: true });
        writer.write({ type: "text-start", id: "t" });
        writer.write({ type: "text-delta", id: "t", delta: "Hello" });
        writer.write({ type: "text-end", id: "t" });
      },
    });
  const chat = new Chat(await serve({ answer }));
  await chat.sendMessage({ text: "Hi" });
  expect(chat.status).toBe("ready");
  expect(await chatStore(history).load("c")).toEqual(JSON.parse(JSON.stringify(chat.messages)));
  expect(await plain()).toEqual(["user: Hi", "assistant: Hello"]);
});

test("a text that was cut within a character is stored with a replacement character", async () => {
  const cut = "🎉".slice(0, 1);
  const answer = () =>
    createUIMessageStream({
      execute: ({ writer }) => {
        writer.write({ type: "start" });
        writer.write({ type: "data-page", data: { text: cut, [cut]: 1, escaped: "\\ud83c" } });
        writer.write({ type: "text-start", id: "t" });
        writer.write({ type: "text-delta", id: "t", delta: `Hello ${cut}` });
        writer.write({ type: "text-end", id: "t" });
      },
    });
  const errors: unknown[] = [];
  const chat = new Chat(await serve({ answer, onError: (error) => errors.push(error) }));
  await chat.sendMessage({ text: `Hi ${cut}` });
  expect([chat.status, errors]).toEqual(["ready", []]);
  const [asked, answered] = await chatStore(history).load("c");
  expect(textOf(asked)).toBe("Hi \uFFFD");
  expect(answered?.parts).toMatchObject([
    { data: { text: "\uFFFD", "\uFFFD": 1, escaped: "\\ud83c" } },
    { text: "Hello \uFFFD" },
  ]);
});

test("a question is answered however long it is, and a file counts as one", async () => {
  const given: UIMessage[][] = [];
  const { model } = slowModel(1);
  const api = await serve({
    maxTokens: 3_000,
    answer: async (context) => {
      given.push(context.messages);
      return answerWith(model)(context);
    },
  });
  const chat = new Chat(api);
  const photo = { type: "file" as const, mediaType: "image/png" };
  const files = [{ ...photo, url: `data:image/png;base64,${"A".repeat(700_000)}` }];
  await chat.sendMessage({ text: "What is this?", files });
  await chat.sendMessage({ text: "Are you sure?" });
  await chat.sendMessage({ text: "x".repeat(40_000) });
  expect(given.map((messages) => messages.map(({ role }) => role))).toEqual([
    ["user"],
    ["user", "assistant", "user"],
    ["user"],
  ]);
});

test("an address that is not valid, and an answer that is not a stream, are refused with a reason", async () => {
  const errors: unknown[] = [];
  const answer = () => new Response("Hello") as never;
  const api = await serve({ answer, onError: (error) => errors.push(error) });
  expect((await fetch(`${api}/%E0%A4%A/stream`)).status).toBe(400);
  await new Chat(api).sendMessage({ text: "Hi" });
  expect(String(errors)).toContain("answer must return what streamText returns");
});
