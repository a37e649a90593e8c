import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";
import type { AnswerSink, ChatModel, ModelRequest } from "../../chat/chat-model.ts";
import type { ContextMessage } from "../../chat/context-item.ts";
import { describeChatModel } from "../chat-model.contract.ts";
import { createEmbeddedModel } from "./embedded-model.ts";
import { withFolder } from "./setup/folder.fixture.ts";
import { describeWithSmallModel } from "./small-model.fixture.ts";

const never = new AbortController().signal;
const silent = { info() {}, warn() {}, error() {} };
const cacheDir = cacheFolder(process.env);
/** Where nothing is installed and nothing can be: below a file, without npm and Python. */
const nothing = { cacheDir: join(fileURLToPath(import.meta.url), "cache"), env: {}, log: silent };

class Recorder implements AnswerSink {
  answer = "";
  pieces = 0;
  thoughts = 0;
  readonly #onText: () => void;

  constructor(onText: () => void = () => {}) {
    this.#onText = onText;
  }

  text(piece: string): void {
    this.answer += piece;
    this.pieces++;
    this.#onText();
  }

  reasoning(): void {
    this.thoughts++;
  }

  message(): void {}
  toolCall(): void {}
  ending(): void {}
  alive(): void {}
}

await describeWithSmallModel("with a real model", ({ modelPath }) => {
  const model = basename(modelPath, ".gguf");
  const ask = (content: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
    model,
    system: "You are a helpful assistant.",
    items: [{ role: "user", content }],
    contextWindow: 8_192,
    promptTokens: 10,
    ...more,
  });
  // So small a model can repeat itself without end: the window ends it.
  const slow = ask("Count from one to thirty in words.", { contextWindow: 96, promptTokens: 10 });
  const short = ask("Hi", { contextWindow: 40, promptTokens: 10 });
  const endless = ask("Write a long story about a dragon and a princess.");

  describeChatModel(
    "the built-in model",
    async () => ({
      model: createEmbeddedModel({ model: modelPath, cacheDir, env: process.env, log: silent }),
      questions: [
        // It ends its answer to this one by itself.
        ask("Is water wet? Answer yes or no.", { contextWindow: 256, promptTokens: 10 }),
        ask("My name is Alice", { contextWindow: 40, promptTokens: 10 }),
      ],
      slowQuestion: slow,
      unreachable: async () => createEmbeddedModel({ ...nothing, model: modelPath }),
      close: async () => {},
    }),
    {
      received: "nothing crosses a wire",
      answeredWith: "a real model says what it says, and this one has no tools",
      idle: "it is one process, and the next answer shows that it is free",
      questionAbout: "so small a model cannot be relied on to repeat a text",
    },
  );

  describe("the built-in model", () => {
    let subject: ChatModel;
    let pids: number[];

    const open = (cancelGraceMs: number): ChatModel => {
      const info = (fields: { pid?: number }) => {
        if (fields.pid !== undefined) pids.push(fields.pid);
      };
      return createEmbeddedModel({
        model: modelPath,
        cacheDir,
        env: process.env,
        log: { ...silent, info },
        cancelGraceMs,
      });
    };
    beforeEach(() => {
      pids = [];
      // Longer than a test: on a slow machine too, a process is not killed that stops by itself.
      subject = open(100_000);
    });
    afterEach(() => subject.close());

    /** Calls `act` after some words of a long answer. Returns the answer's outcome. */
    async function inMidAnswer(act: (pid: number) => void, signal = never) {
      const sink = new Recorder(() => {
        if (sink.pieces === 5) act(pids.at(-1) ?? 0);
      });
      const outcome = await subject.generate(endless, sink, signal).catch((error: unknown) => error);
      return { outcome, sink };
    }

    test("reads its window from the file and has its name", async () => {
      expect(subject.name).toBe("Built-in (SmolLM2-135M-Instruct.Q4_1)");
      expect(await subject.availability()).toEqual({
        available: true,
        models: [
          {
            id: model,
            context_window: 8_192,
            capabilities: { images: false, tools: false, reasoning: false },
            price: { input: 0, cached_input: 0, output: 0 },
          },
        ],
      });
    });

    test("answers the turns of a server, which count their tokens by its tokenizer", async () => {
      const server = await startTestServer({ models: [subject] });
      const ask = async (message: string) => {
        const body = {
          message,
          mode: "stateful",
          provider: "embedded",
          session_id: "s",
          context_tokens: 128,
        };
        const answer = await server.inject("POST", "/chat", body);
        expect(answer.statusCode, answer.body).toBe(200);
        return answer.json();
      };
      await ask("My name is Alice");
      const { usage, turn_id } = await ask("What is my name?");
      const { report } = (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json();
      expect(report.messages.length).toBeGreaterThan(2);
      expect(report.tokens.estimated).toBe(false);
      expect(usage.output_tokens).toBeGreaterThan(0);
    });

    test("counts tokens, also while it answers", async () => {
      const first = await subject.countTokens?.(model, ["", "Hello", "Hello world, hello world"]);
      expect(first).toHaveLength(3);
      expect(first?.[0]).toBe(0);
      expect(first?.[1]).toBeGreaterThan(0);
      expect(first?.[2]).toBeGreaterThan(first?.[1] ?? 0);
      const abort = new AbortController();
      const answer = subject.generate(endless, new Recorder(), abort.signal).catch(() => {});
      await sleep(300);
      expect(await subject.countTokens?.(model, ["Hello"])).toEqual([first?.[1]]);
      abort.abort();
      await answer;
    });

    test("counts what it reads and writes, and reads a common beginning once", async () => {
      const first = new Recorder();
      const { usage } = await subject.generate(
        ask("My name is Bob", { contextWindow: 48, promptTokens: 10 }),
        first,
        never,
      );
      expect(usage).toMatchObject({ cached_tokens: 0 });
      const items: ContextMessage[] = [
        { role: "user", content: "My name is Bob" },
        { role: "assistant", content: first.answer },
        { role: "user", content: "What's my name?" },
      ];
      const second = new Recorder();
      const next = await subject.generate(
        ask("", { items, contextWindow: 96, promptTokens: 10 }),
        second,
        never,
      );
      const read = next.usage?.input_tokens ?? 0;
      expect(read).toBeGreaterThan(usage?.input_tokens ?? 0);
      expect(next.usage?.cached_tokens).toBeGreaterThanOrEqual((usage?.input_tokens ?? 0) - 1);
      expect(next.usage?.cached_tokens).toBeLessThan(read);
      // Each token of an answer brings some text, but for the one that ends it.
      expect(next.usage?.output_tokens).toBeGreaterThanOrEqual(second.pieces);
    });

    test("sends no system prompt when there is none", async () => {
      const read = async (system: string) => {
        const { usage } = await subject.generate(
          ask("Hi", { system, contextWindow: 64, promptTokens: 10 }),
          new Recorder(),
          never,
        );
        return usage?.input_tokens ?? 0;
      };
      const [with_, without] = [await read("Be brief."), await read("")];
      expect(without).toBeLessThan(with_);
    });

    test("keeps to the window that it is given", async () => {
      const sink = new Recorder();
      const { finishReason, usage } = await subject.generate(
        { ...endless, contextWindow: 64, promptTokens: 10 },
        sink,
        never,
      );
      expect(finishReason).toBe("length");
      expect((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0)).toBeLessThanOrEqual(64);
      const tooLong = subject.generate({ ...endless, contextWindow: 16, promptTokens: 10 }, sink, never);
      await expect(tooLong).rejects.toMatchObject({
        code: "provider_context_exceeded",
        message: expect.stringContaining("a window of 16."),
      });
    });

    test("reads a long history, and can be stopped while it does", async () => {
      const items = [{ role: "user", content: "A word. ".repeat(2_000) }] as const;
      const long = ask("", { items, contextWindow: 8_192, promptTokens: 10 });
      const abort = new AbortController();
      const sink = new Recorder();
      sink.reasoning = () => {
        sink.thoughts++;
        if (sink.thoughts === 2) abort.abort(new Error("stopped"));
      };
      await expect(subject.generate(long, sink, abort.signal)).rejects.toThrow("stopped");
      await subject.generate(short, new Recorder(), never);
      // It was not killed: it stopped by itself.
      expect(pids).toHaveLength(1);
    });

    test("knows no other model", async () => {
      const other = subject.generate(ask("Hi", { model: "gpt-5" }), new Recorder(), never);
      await expect(other).rejects.toMatchObject({ code: "provider_model_not_found" });
    });

    test("is free at once when cancelled", async () => {
      const abort = new AbortController();
      const reason = new Error("cancelled");
      const { outcome } = await inMidAnswer(() => abort.abort(reason), abort.signal);
      expect(outcome).toBe(reason);
      await subject.generate(short, new Recorder(), never);
      // It was not killed: it stopped by itself.
      expect(pids).toHaveLength(1);
    });

    test.each(["SIGKILL", "SIGSEGV"] as const)("survives %s of its process in mid-answer", async (signal) => {
      const { outcome, sink } = await inMidAnswer((pid) => process.kill(pid, signal));
      expect(outcome).toMatchObject({ code: "provider_broke_off", message: expect.stringContaining(signal) });
      const { length } = sink.answer;
      expect(length).toBeGreaterThan(0);

      const next = new Recorder();
      await subject.generate(short, next, never);
      expect(next.answer).not.toBe("");
      expect(sink.answer).toHaveLength(length);
      expect(new Set(pids).size).toBe(2);
    });

    test("a process that hangs is ended when its answer is cancelled", async () => {
      subject = open(100);
      const abort = new AbortController();
      const { outcome } = await inMidAnswer((pid) => {
        process.kill(pid, "SIGSTOP");
        setTimeout(() => abort.abort(new Error("no answer")), 200);
      }, abort.signal);
      expect(outcome).toMatchObject({ message: "no answer" });
      await subject.generate(short, new Recorder(), never);
      expect(new Set(pids).size).toBe(2);
      expect(() => process.kill(pids[0] ?? 0, 0)).toThrow("ESRCH");
    });

    test("eight wait, the ninth is refused, and those who wait can leave", async () => {
      const running = new AbortController();
      const begun = Promise.withResolvers<void>();
      const answer = subject.generate(endless, new Recorder(begun.resolve), running.signal);
      await begun.promise;
      const leaving = new AbortController();
      const outcomes: unknown[] = [];
      const waiting = Array.from({ length: 9 }, () =>
        subject
          .generate(slow, new Recorder(), leaving.signal)
          .catch((error: unknown) => outcomes.push(error)),
      );
      await Promise.race(waiting);
      await sleep(100);
      expect(outcomes).toEqual([
        expect.objectContaining({
          code: "provider_overloaded",
          message: expect.stringContaining("8 are waiting already"),
        }),
      ]);
      const reason = new Error("left");
      leaving.abort(reason);
      await Promise.all(waiting);
      expect(outcomes.slice(1)).toEqual(Array.from({ length: 8 }, () => reason));
      running.abort(reason);
      await expect(answer).rejects.toBe(reason);
      expect(pids).toHaveLength(1);
    });

    test("keeps no key of the server's environment", async (context) => {
      if (process.platform !== "linux") context.skip("only Linux shows the environment of a process");
      vi.stubEnv("OPENAI_API_KEY", "sk-not-a-key");
      await subject.prepare?.();
      expect(await readFile(`/proc/${pids[0]}/environ`, "utf8")).not.toContain("OPENAI_API_KEY");
    });

    test.each(["loading", "answering"])(
      "its process ends with a server that was killed while %s",
      async (when) => {
        const file = fileURLToPath(new URL("./server.fixture.ts", import.meta.url));
        const server = fork(file, [modelPath, when], {
          execArgv: [],
          stdio: ["ignore", "ignore", "inherit", "ipc"],
        });
        const [pid] = (await once(server, "message")) as [number];
        process.kill(pid, 0);
        server.kill("SIGKILL");
        await once(server, "exit");
        await expect.poll(() => isAlive(pid)).toBe(false);
      },
    );

    test("leaves no process behind when closed", async () => {
      await subject.prepare?.();
      await subject.close();
      expect(isAlive(pids[0] ?? 0)).toBe(false);
      await expect(subject.generate(slow, new Recorder(), never)).rejects.toMatchObject({
        code: "provider_unavailable",
      });
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("without its files", () => {
  test("is named before it is there, and says that it can be fetched", async () => {
    const subject = createEmbeddedModel({ ...nothing, model: "default" });
    expect(subject.name).toBe("Built-in (Qwen2.5 Coder 0.5B)");
    expect(await subject.availability()).toEqual({
      available: false,
      reason: "The built-in model is not downloaded yet (about 580 MB).",
      action: "It is downloaded when it is first used: try again in a few minutes.",
      models: [
        {
          id: subject.defaultModel,
          context_window: 32_768,
          capabilities: { images: false, tools: false, reasoning: false },
          price: { input: 0, cached_input: 0, output: 0 },
        },
      ],
    });
    await subject.close();
  });

  test("says what is wrong with the file that it was given", async () => {
    await withFolder(async (folder) => {
      const subject = createEmbeddedModel({ ...nothing, model: join(folder, "mine.gguf") });
      expect(subject.name).toBe("Built-in (mine)");
      const { available, reason, action } = await subject.availability();
      expect({ available, reason }).toEqual({
        available: false,
        reason: `EMBEDDED_MODEL names ${join(folder, "mine.gguf")}, which does not exist.`,
      });
      expect(action).toMatch(/\.$/);
      await subject.prepare?.();
      await subject.close();
    });
  });

  test("says so when it is switched off", async () => {
    const subject = createEmbeddedModel({ ...nothing, model: "none" });
    expect(await subject.availability()).toMatchObject({ available: false, models: [] });
    const request = { model: "none", system: "", items: [], contextWindow: 100, promptTokens: 10 };
    await expect(subject.generate(request, new Recorder(), never)).rejects.toMatchObject({
      code: "provider_unavailable",
    });
    await subject.close();
  });
});
