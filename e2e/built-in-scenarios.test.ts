import type { ProvidersResponse } from "@redis-memory-magic/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

// The model is fetched once for a machine, half a gigabyte.
const FETCHED_WITHIN_MS = 15 * 60_000;

let stack: Stack;
let unavailable: string | undefined;

beforeAll(async () => {
  stack = await startStack({
    EMBEDDED_MODEL: "",
    OPENAI_API_KEY: "",
    OLLAMA_BASE_URL: "http://127.0.0.1:9/v1",
  });
  unavailable = await fetched();
}, FETCHED_WITHIN_MS + 60_000);
afterAll(() => stack.stop());
beforeEach((context) => {
  if (unavailable !== undefined) context.skip(`the built-in model cannot be had here: ${unavailable}`);
});

/** Waits for the model to be there. Returns why it will not be. */
async function fetched(): Promise<string | undefined> {
  const until = performance.now() + FETCHED_WITHIN_MS;
  for (;;) {
    const { providers } = (await (await fetch(`${stack.api}/providers`)).json()) as ProvidersResponse;
    const builtIn = providers.find(({ id }) => id === "embedded");
    if (builtIn?.available) return undefined;
    const coming =
      builtIn?.progress !== undefined || /when that is done|first sent/.test(builtIn?.action ?? "");
    if (!coming || performance.now() > until) return builtIn?.reason ?? "it is not part of this server";
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

const open = async () => {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/^Built-in/);
  return chat;
};

describe("the four scenarios, with a real model", () => {
  test("1. does not know the name with memory off", async () => {
    const chat = await open();
    await chat.memory("Stateless");
    await chat.say("My name is Alice");
    expect(await chat.say("What's my name?")).not.toContain("Alice");
  });

  test("2. knows the name with memory on", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.say("My name is Bob");
    expect(await chat.say("What's my name?")).toContain("Bob");
  });

  test("3. keeps the history when the provider changes", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.provider(/^Mirror/);
    await chat.say("My name is Bob");
    await chat.provider(/^Built-in/);
    expect(await chat.say("What's my name?")).toContain("Bob");
  });

  test("4. knows what was said with memory off once it is on", async () => {
    const chat = await open();
    await chat.memory("Stateless");
    await chat.say("I love pizza");
    await chat.memory("Stateful");
    expect((await chat.say("What food do I like?")).toLowerCase()).toContain("pizza");
  });
});
