import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** What the scripted upstream is to do. */
const script = (scenario: object) => `fake ${JSON.stringify(scenario)}`;
const words = (count: number) => Array.from({ length: count }, (_, n) => `word ${n + 1}`).join(" ");

async function open(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/^Cloud/);
  return chat;
}

async function send(chat: ChatPage, message: string): Promise<void> {
  await chat.page.getByRole("textbox", { name: "Message" }).fill(message);
  await chat.page.getByRole("button", { name: "Send" }).click();
}
const textOf = (chat: ChatPage) => chat.answers.last().locator(".markdown").innerText();
const ended = (chat: ChatPage) =>
  chat.page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden", timeout: 30_000 });

describe("an answer on its way", () => {
  test("a reload at several places of a stream loses and doubles no word", async () => {
    const chat = await open();
    await send(chat, script({ words: 120, delayMs: 30 }));
    for (const word of ["word 5", "word 30", "word 60"]) {
      await chat.answers.last().getByText(word).waitFor();
      await chat.page.reload();
    }
    await chat.answers.last().getByText("word 70").waitFor();
    await ended(chat);
    expect(await textOf(chat)).toBe(words(120));
  });

  test("a second tab shows the same text, and goes on with it", async () => {
    const chat = await open();
    await send(chat, script({ words: 80, delayMs: 30 }));
    await chat.answers.last().getByText("word 10").waitFor();
    const second = new ChatPage(await chat.page.context().newPage());
    await second.page.goto(chat.page.url());
    await second.answers.last().getByText("word 20").waitFor();
    await Promise.all([ended(chat), ended(second)]);
    expect([await textOf(chat), await textOf(second)]).toEqual([words(80), words(80)]);
  });

  test("what is begun in one tab is seen in the other, though it was open before", async () => {
    const chat = await open();
    await chat.say("Hello");
    const second = new ChatPage(await chat.page.context().newPage());
    await second.page.goto(chat.page.url());
    await second.answers.last().getByText("Hello").waitFor();
    await send(chat, script({ words: 60, delayMs: 30 }));
    await second.answers.last().getByText("word 20").waitFor();
    await Promise.all([ended(chat), ended(second)]);
    expect(await textOf(second)).toBe(words(60));
  });

  test("stopped, it keeps what was said, and can be tried again", async () => {
    const chat = await open();
    await send(chat, script({ words: 400, delayMs: 30 }));
    await chat.answers.last().getByText("word 10").waitFor();
    await chat.page.getByRole("button", { name: "Stop" }).click();
    await chat.page.getByText("Stopped. What was said so far is kept.").waitFor();
    const kept = await textOf(chat);
    expect(words(400).startsWith(kept)).toBe(true);
    await chat.page.reload();
    await chat.page.getByRole("button", { name: "Try again" }).waitFor();
    expect(await textOf(chat)).toBe(kept);
  });

  test("failed, it says why, and a new try replaces it", async () => {
    const chat = await open();
    await send(chat, script({ words: 10, delayMs: 5, errorAfter: 3 }));
    const note = chat.page.locator(".note").filter({ hasText: /\w/ });
    await note.getByRole("button", { name: "Try again" }).waitFor();
    const asked = stack.openai.requests.length;
    await note.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => stack.openai.requests.length).toBe(asked + 1);
    await note.getByRole("button", { name: "Try again" }).waitFor();
    expect(await chat.page.getByRole("article", { name: "You" }).count()).toBe(1);
  });

  test("messages that are written meanwhile wait, and are sent in their order", async () => {
    const chat = await open();
    await send(chat, script({ words: 40, delayMs: 30 }));
    await chat.answers.last().getByText("word 3").waitFor();
    await send(chat, "the second");
    await send(chat, "the third");
    const waiting = chat.page.getByRole("list", { name: "Waiting messages" });
    expect(await waiting.getByRole("listitem").count()).toBe(2);
    await chat.answers.nth(2).waitFor();
    await ended(chat);
    await expect.poll(() => waiting.count()).toBe(0);
    const said = await chat.page.getByRole("article", { name: "You" }).allInnerTexts();
    expect(said.slice(1).map((text) => text.trim())).toEqual(["the second", "the third"]);
  });

  test("a draft and the session are there after a reload", async () => {
    const chat = await open();
    await chat.provider(/^Mirror/);
    await chat.say("Hello");
    const { hash } = new URL(chat.page.url());
    expect(hash).toMatch(/^#\/s\/session_\d{13}_[0-9a-z]{9}$/);
    await chat.page.getByRole("textbox", { name: "Message" }).fill("not sent yet");
    await chat.page.goto(stack.url);
    await chat.answers.first().waitFor();
    expect(new URL(chat.page.url()).hash).toBe(hash);
    expect(await chat.page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("not sent yet");
  });
});
