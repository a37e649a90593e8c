import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const open = async () => new ChatPage(await stack.open());

describe("the four scenarios with the mirror", () => {
  test("1. does not know the name with memory off", async () => {
    const chat = await open();
    await chat.memory("Stateless");
    await chat.provider(/^Mirror/);
    await expect.poll(() => chat.badge.innerText()).toBe("No Memory");
    await chat.say("My name is Alice");
    expect(await chat.say("What's my name?")).not.toContain("Alice");
  });

  test("2. knows the name with memory on", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.provider(/^Mirror/);
    await expect.poll(() => chat.badge.innerText()).toBe("Remembering");
    await chat.say("My name is Bob");
    expect(await chat.say("What's my name?")).toContain("My name is Bob");
  });

  test("3. keeps the history when the provider changes", async () => {
    const chat = await open();
    await chat.memory("Stateful");
    await chat.provider(/^Cloud/);
    await chat.say("I live in Paris");
    await chat.provider(/^Local/);
    await chat.say("And I have a cat");
    // The page asks now and then whether a provider is there: only this one request is a turn.
    const turn = stack.ollama.lastTurn;
    expect(JSON.stringify(turn?.body)).toContain("I live in Paris");
    await chat.provider(/^Mirror/);
    const answer = await chat.say("Where do I live?");
    expect(answer).toContain("I live in Paris");
    expect(answer).toContain("And I have a cat");
  });

  test("4. knows what was said with memory off once it is on", async () => {
    const chat = await open();
    await chat.provider(/^Mirror/);
    await chat.memory("Stateless");
    await chat.say("I love pizza");
    await chat.memory("Stateful");
    expect(await chat.say("What food do I like?")).toContain("I love pizza");
  });
});
