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
  chat.page.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });

describe("a streaming answer", () => {
  test("loses and repeats no word over reloads", async () => {
    const chat = await open();
    await send(chat, script({ words: 120, delayMs: 30 }));
    for (const word of ["word 5", "word 30", "word 60"]) {
      await expect(chat.answers.last().getByText(word)).toBeVisible();
      await chat.page.reload();
    }
    await expect(chat.answers.last().getByText("word 70")).toBeVisible();
    await ended(chat);
    await expect.poll(() => textOf(chat)).toBe(words(120));
  });

  test("shows the running answer in a second tab", async () => {
    const chat = await open();
    await send(chat, script({ words: 80, delayMs: 30 }));
    await expect(chat.answers.last().getByText("word 10")).toBeVisible();
    const second = new ChatPage(await chat.page.context().newPage());
    await second.page.goto(chat.page.url());
    await expect(second.answers.last().getByText("word 20")).toBeVisible();
    await Promise.all([ended(chat), ended(second)]);
    for (const tab of [chat, second]) await expect.poll(() => textOf(tab)).toBe(words(80));
  });

  test("shows a turn in another tab that is already open", async () => {
    const chat = await open();
    await chat.say("Hello");
    const second = new ChatPage(await chat.page.context().newPage());
    await second.page.goto(chat.page.url());
    await expect(second.answers.last().getByText("Hello")).toBeVisible();
    await send(chat, script({ words: 60, delayMs: 30 }));
    await expect(second.answers.last().getByText("word 20")).toBeVisible();
    await Promise.all([ended(chat), ended(second)]);
    await expect.poll(() => textOf(second)).toBe(words(60));
  });

  test("keeps the text of a stopped answer and offers a retry", async () => {
    const chat = await open();
    await send(chat, script({ words: 400, delayMs: 30 }));
    await expect(chat.answers.last().getByText("word 10")).toBeVisible();
    await chat.page.getByRole("button", { name: "Stop" }).click();
    await expect(chat.page.getByText("Stopped. The answer so far is kept.")).toBeVisible();
    const kept = await textOf(chat);
    expect(words(400).startsWith(kept)).toBe(true);
    await chat.page.reload();
    await expect(chat.page.getByRole("button", { name: "Try again" })).toBeVisible();
    await expect.poll(() => textOf(chat)).toBe(kept);
  });

  test("is not stopped by the second click of a double click on Send", async () => {
    const chat = await open();
    const { mouse } = chat.page;
    await chat.page.getByRole("textbox", { name: "Message" }).fill(script({ words: 9, pausedAfter: 3 }));
    await chat.page.getByRole("button", { name: "Send" }).click();
    const stop = chat.page.getByRole("button", { name: "Stop" });
    const box = await stop.boundingBox();
    await mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 10);
    await mouse.down({ clickCount: 2 });
    await mouse.up({ clickCount: 2 });
    expect(await stop.isDisabled()).toBe(false);
    await stack.openai.resume();
    await ended(chat);
    await expect.poll(() => textOf(chat)).toBe(words(9));
  });

  test("is not stopped by a second Enter on Send, side by side", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    await chat.page.getByRole("textbox", { name: "Message" }).fill(script({ words: 9, pausedAfter: 3 }));
    await chat.page.getByRole("button", { name: "Send" }).press("Enter");
    await expect(chat.page.getByRole("button", { name: "Stop" })).toBeVisible();
    await chat.page.keyboard.press("Enter");
    await stack.openai.resume(2);
    await ended(chat);
    const texts = () => chat.answers.locator(".markdown").allInnerTexts();
    await expect.poll(texts).toEqual([words(9), words(9)]);
  });

  test("says why a turn failed and replaces it on retry", async () => {
    const chat = await open();
    await send(chat, script({ words: 10, delayMs: 5, errorAfter: 3 }));
    const note = chat.page.locator(".alert").filter({ hasText: /\w/ });
    await expect(note.getByRole("button", { name: "Try again" })).toBeVisible();
    // Without the requests for the list of models, which come at any time.
    const turns = () => stack.openai.turns.length;
    const asked = turns();
    await note.getByRole("button", { name: "Try again" }).click();
    await expect.poll(turns).toBe(asked + 1);
    await expect(note.getByRole("button", { name: "Try again" })).toBeVisible();
    await expect.poll(() => chat.page.getByRole("article", { name: "You" }).count()).toBe(1);
  });

  test("follows a retry that runs when the page is loaded again", async () => {
    const chat = await open();
    await send(chat, script({ words: 10, pausedAfter: 3, errorAfter: 3 }));
    const shown = () => expect(chat.answers.last().getByText("word 3")).toBeVisible();
    const tryAgain = chat.page.locator(".alert").getByRole("button", { name: "Try again" });
    await shown();
    await stack.openai.resume();
    await tryAgain.click();
    await expect(tryAgain).toBeHidden();
    await shown();
    await chat.page.reload();
    await shown();
    await expect(chat.page.getByRole("button", { name: "Stop", exact: true })).toBeVisible();
    await expect(tryAgain).toBeHidden();
    await stack.openai.resume();
    await expect(tryAgain).toBeVisible();
  });

  test("queues messages and sends them in order", async () => {
    const chat = await open();
    await send(chat, script({ words: 40, delayMs: 30, pausedAfter: 3 }));
    await expect(chat.answers.last().getByText("word 3")).toBeVisible();
    await send(chat, "the second");
    await send(chat, "the third");
    const waiting = chat.page.getByRole("list", { name: "Waiting messages" });
    await expect.poll(() => waiting.getByRole("listitem").count()).toBe(2);
    await stack.openai.resume();
    await expect(chat.answers.nth(2)).toBeVisible();
    await ended(chat);
    await expect.poll(() => waiting.count()).toBe(0);
    const said = await chat.page.getByRole("article", { name: "You" }).allInnerTexts();
    expect(said.slice(1).map((text) => text.trim())).toEqual(["the second", "the third"]);
  });

  test("restores the draft and the session after a reload", async () => {
    const chat = await open();
    await chat.provider(/^Mirror/);
    await chat.say("Hello");
    const { hash } = new URL(chat.page.url());
    expect(hash).toMatch(/^#\/s\/session_\d{13}_[0-9a-z]{9}$/);
    await chat.page.getByRole("textbox", { name: "Message" }).fill("not sent yet");
    await chat.page.goto(stack.url);
    await expect(chat.answers.first()).toBeVisible();
    expect(new URL(chat.page.url()).hash).toBe(hash);
    await expect
      .poll(() => chat.page.getByRole("textbox", { name: "Message" }).inputValue())
      .toBe("not sent yet");
  });
});
