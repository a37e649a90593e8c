import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChatModel, ContextMessage } from "../../chat/chat-model.ts";
import { DEFAULT_MODEL } from "./default-model.ts";
import { createEmbeddedModel } from "./embedded-model.ts";
import { cacheFolder } from "./setup/cache-folder.ts";
import { installedModelFile } from "./setup/model-file.ts";
import { installedRuntime } from "./setup/runtime.ts";

const cacheDir = cacheFolder(process.env);
const installed =
  (await installedRuntime(cacheDir)) !== undefined &&
  (await installedModelFile(DEFAULT_MODEL.file, cacheDir)) !== undefined;

const SYSTEM = "You are a helpful assistant. Use the conversation so far to answer. Keep answers short.";

describe("the default model", { timeout: 60_000 }, () => {
  if (!installed) {
    test.skip("answers as it should (not here: it is not downloaded, which `npm start` does)", () => {});
    return;
  }

  let subject: ChatModel;
  beforeAll(() => {
    const log = { info() {}, warn() {}, error() {} };
    subject = createEmbeddedModel({ model: "default", cacheDir, env: process.env, log });
  });
  afterAll(() => subject.close());

  /** What it answers to the last of these, which user and assistant said by turns. */
  async function answerTo(...said: string[]): Promise<string> {
    const messages = said.map(
      (content, index): ContextMessage => ({ role: index % 2 === 0 ? "user" : "assistant", content }),
    );
    let answer = "";
    await subject.generate(
      { model: DEFAULT_MODEL.id, system: SYSTEM, messages, contextWindow: DEFAULT_MODEL.contextWindow },
      {
        text: (piece) => {
          answer += piece;
        },
        thinking() {},
      },
      new AbortController().signal,
    );
    return answer;
  }

  test("does not know a name that it was not sent", async () => {
    expect(await answerTo("My name is Alice")).not.toBe("");
    expect(await answerTo("What's my name?")).not.toContain("Alice");
  });

  test("knows the name that it was sent", async () => {
    const greeting = await answerTo("My name is Bob");
    expect(await answerTo("My name is Bob", greeting, "What's my name?")).toContain("Bob");
  });

  test("goes on where another provider answered", async () => {
    const byAnother = "Nice to meet you, Carol! How can I help you today?";
    expect(await answerTo("My name is Carol", byAnother, "What's my name?")).toContain("Carol");
  });

  test("knows what was said while memory was off", async () => {
    const without = await answerTo("I love pizza");
    expect(await answerTo("I love pizza", without, "What food do I like?")).toMatch(/pizza/i);
  });
});
