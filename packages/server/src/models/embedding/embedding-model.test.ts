import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { EmbeddingUse } from "../../chat/built-in-embedding.ts";
import type { AppError } from "../../errors/app-error.ts";
import { withFolder } from "../embedded/setup/folder.fixture.ts";
import { npmInstead } from "../embedded/setup/npm.fixture.ts";
import { E5_SMALL } from "./e5-small.ts";
import { describeWithEmbeddingModel, realModel } from "./embedding-model.fixture.ts";
import { EmbeddingModel } from "./embedding-model.ts";

const never = new AbortController().signal;
const quiet = { info() {}, warn() {}, error() {} };
const cosine = (a?: Float32Array, b?: Float32Array): number =>
  a?.reduce((sum, value, n) => sum + value * (b?.[n] ?? 0), 0) ?? Number.NaN;

await describeWithEmbeddingModel("the built-in embedding model", () => {
  let model: EmbeddingModel;
  beforeAll(() => {
    model = realModel();
  });
  afterAll(() => model.close());

  test("finds what a question means, without a word in common", async () => {
    const [question] = await model.embed(["What do I like to eat?"], "query", never);
    const passages = ["I love pizza", "The roof leaks in winter", "My sister lives in Lisbon"];
    const [pizza, roof, sister] = await model.embed(passages, "passage", never);
    expect(cosine(question, pizza)).toBeGreaterThan(cosine(question, roof));
    expect(cosine(question, pizza)).toBeGreaterThan(cosine(question, sister));
  });

  test("a text has the same vector alone and among others, of length 1", async () => {
    const texts = ["Hi", "The error is TypeError: x is undefined", "SELECT name FROM invoices"];
    const together = await model.embed(texts, "passage", never);
    for (const [n, text] of texts.entries()) {
      const [alone] = await model.embed([text], "passage", never);
      expect(alone).toEqual(together[n]);
      expect(alone).toHaveLength(E5_SMALL.dimensions);
      expect(cosine(alone, alone)).toBeCloseTo(1, 4);
    }
    expect(await model.embed([], "passage", never)).toEqual([]);
  });

  test.each([
    ["no text", ""],
    ["only spaces", " \n\t "],
    ["German", "Mein Hund heißt Bruno und ist drei Jahre alt."],
    ["Japanese", "金閣寺と伏見稲荷を見たいです。"],
    ["Arabic", "أحب القراءة في المساء"],
    ["emoji", "🎉👩‍👩‍👧‍👦"],
    ["half of a surrogate pair", "a\ud83d"],
    ["control characters", "\u0000\u0007\ufffd"],
    ["marks of its own", "[CLS] [SEP] [MASK] [UNK]"],
    ["a word of 100,000 letters", "a".repeat(100_000)],
  ])("makes a vector of %s", async (_, text) => {
    const [vector] = await model.embed([text], "passage", never);
    expect(vector).toHaveLength(E5_SMALL.dimensions);
    expect(vector?.every(Number.isFinite)).toBe(true);
  });

  test("of a long text only the beginning counts", async () => {
    const long = "My dentist is Dr. Alvarez. ".repeat(4_000);
    const [a, b] = await model.embed([long, `${long} My lawyer is Ms. Chen.`], "passage", never);
    expect(a).toEqual(b);
  });

  test("a query does not wait for the passages before it, and aborting one is immediate", async () => {
    const order: string[] = [];
    const controller = new AbortController();
    const passages = Array.from({ length: 40 }, (_, n) => `${n} ${"a long passage ".repeat(60)}`);
    const work = model.embed(passages, "passage", controller.signal).finally(() => order.push("passages"));
    await model.embed(["What is my name?"], "query", never).finally(() => order.push("query"));
    controller.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    expect(order).toEqual(["query", "passages"]);
  });

  test("what a client asks for comes after recall's own, whichever was asked first", async () => {
    const order: string[] = [];
    const asked = (purpose: EmbeddingUse, count: number) =>
      model
        .embed(Array(count).fill("a long text ".repeat(60)), purpose, never)
        .finally(() => order.push(purpose));
    await Promise.all([asked("request", 18), asked("passage", 4), asked("query", 1)]);
    expect(order).toEqual(["query", "passage", "request"]);
  });

  test("a crash fails what was asked, and the next call starts a new process", async () => {
    await model.embed(["warm"], "query", never);
    const first = model.pid as number;
    const asked = model.embed(["x ".repeat(2_000), "y ".repeat(2_000)], "passage", never);
    asked.catch(() => {});
    process.kill(first, "SIGKILL");
    await expect(asked).rejects.toMatchObject({ code: "provider_broke_off" });
    expect(await model.embed(["again"], "query", never)).toHaveLength(1);
    expect(model.pid).not.toBe(first);
  });

  test("a process that hangs is ended, also if nothing waits for it any more", async () => {
    const warnings: string[] = [];
    const log = { ...quiet, warn: (_: object, message: string) => warnings.push(message) };
    const hanging = realModel({ silenceMs: 10_000, log });
    onTestFinished(() => hanging.close());
    await hanging.embed(["warm"], "query", never);
    const pid = hanging.pid as number;
    process.kill(pid, "SIGSTOP");
    const controller = new AbortController();
    const asked = hanging.embed(["hello"], "query", controller.signal);
    // It was sent.
    await new Promise((resolve) => setTimeout(resolve, 100));
    controller.abort(new Error("too late"));
    await expect(asked).rejects.toThrow("too late");
    await expect.poll(() => warnings[0], { timeout: 40_000 }).toMatch(/it did not answer/);
    expect(await hanging.embed(["again"], "query", never)).toHaveLength(1);
    expect(hanging.pid).not.toBe(pid);
  });

  test("after three crashes in a row it is not started for a while, and says so", async () => {
    const crashing = realModel();
    onTestFinished(() => crashing.close());
    for (let n = 0; n < 3; n++) {
      const asked = crashing.embed(["x ".repeat(2_000)], "passage", never);
      asked.catch(() => {});
      await expect.poll(() => crashing.pid).toBeDefined();
      process.kill(crashing.pid as number, "SIGKILL");
      await expect(asked).rejects.toMatchObject({ code: "provider_broke_off" });
      await expect.poll(() => crashing.pid).toBeUndefined();
    }
    await expect(crashing.embed(["x"], "query", never)).rejects.toMatchObject({
      code: "provider_unavailable",
    });
    expect(crashing.isReady).toBe(false);
    expect(crashing.unavailable?.reason).toMatch(/failed 3 times in a row/);
  });
});

describe("where it is not on disk", () => {
  const nowhere = (cacheDir: string, env: NodeJS.ProcessEnv = {}, warnings: string[] = []) =>
    new EmbeddingModel({
      cacheDir,
      env,
      log: { ...quiet, warn: (_: object, message: string) => warnings.push(message) },
    });

  test("it says so, and fetches nothing by itself", async () => {
    await withFolder(async (folder) => {
      const model = nowhere(folder);
      expect(await model.find()).toBe(false);
      expect(model.isReady).toBe(false);
      await expect(model.embed(["x"], "query", never)).rejects.toMatchObject({
        code: "provider_unavailable",
        message: expect.stringMatching(/not downloaded yet.*Try again in 30 seconds, or use another/),
        retryAfter: 30,
      });
      expect(await readdir(folder)).toEqual([]);
    });
  });

  test("where it cannot be fetched it gives up at once, names the reason and does not try again soon", async () => {
    await withFolder(async (folder) => {
      const warnings: string[] = [];
      const { env } = await npmInstead(folder, "process.exit(1);");
      const model = nowhere(join(folder, "cache"), env, warnings);
      await model.prepare();
      expect(warnings.join("\n")).toMatch(/npm/);
      expect(model.unavailable?.reason).toMatch(/npm/);
      const later = await model.embed(["x"], "request", never).catch((error: AppError) => error);
      expect(later).toMatchObject({ code: "provider_unavailable", retryAfter: expect.any(Number) });
      expect((later as AppError).retryAfter).toBeGreaterThan(60);
      const before = warnings.length;
      await model.prepare();
      expect(warnings).toHaveLength(before);
    });
  });
});
