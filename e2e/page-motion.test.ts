import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { moved, places } from "./row-places.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Opens a session with this many messages: two are on one screen, forty are not. */
async function open(id: string, messages: number, width = 1440): Promise<ChatPage> {
  await stack.send("POST", `/sessions/${id}/messages`, {
    messages: Array.from({ length: messages }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: `Message number ${n}, long enough for a window of few tokens to lack room for all of them.`,
    })),
  });
  await stack.send("PATCH", `/sessions/${id}/settings`, {
    mode: "stateful",
    provider: "mirror",
    memory: "window",
  });
  const chat = new ChatPage(await stack.open({ viewport: { width, height: 900 }, reducedMotion: "reduce" }));
  await chat.page.waitForURL(/#\/s\//);
  await chat.page.goto(`${stack.url}/#/s/${id}`);
  await expect(chat.answers.last()).toBeVisible();
  await expect(chat.page.getByText(/^Sends these/)).toBeVisible();
  return chat;
}

const fromEnd = ({ page }: ChatPage) =>
  page
    .getByRole("log", { name: "Conversation" })
    .evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));

const OFF = "Stored in Redis, not sent: memory is off";

describe("the conversation stays where it is", () => {
  test.each([
    [2, 1440],
    [2, 390],
    [40, 1440],
    [40, 390],
  ])("when memory is switched, with %i messages, %i px wide", async (messages, width) => {
    const chat = await open(`switched-${messages}-${width}`, messages, width);
    const before = await places(chat);
    expect(before.length).toBeGreaterThan(1);
    await chat.memory("Stateless");
    await expect(chat.page.getByText(OFF)).toBeVisible();
    expect(await moved(chat, before)).toBe(0);
    expect(await fromEnd(chat)).toBeLessThanOrEqual(1);
    await chat.memory("Stateful");
    await expect(chat.page.getByText(OFF)).toBeHidden();
    expect(await moved(chat, before)).toBe(0);
  });

  test("when a smaller window leaves out the older messages", async () => {
    const chat = await open("smaller-window", 40);
    const before = await places(chat);
    await stack.send("PATCH", "/sessions/smaller-window/settings", { context_tokens: 256 });
    await chat.page.reload();
    await expect(chat.page.getByText(/did not fit/)).toBeVisible();
    // Its rule has two lines, for which the messages that are not sent make room.
    expect(await moved(chat, before.slice(-3))).toBe(0);
  });
});

test("leaves the end for a reader who scrolls up slowly while an answer comes", async () => {
  const chat = await open("slow-scroll", 40);
  await chat.provider(/^Cloud/);
  await chat.page
    .getByRole("textbox", { name: "Message" })
    .fill(`fake ${JSON.stringify({ words: 2_000, delayMs: 15 })}`);
  await chat.page.keyboard.press("Enter");
  await expect(chat.answers.last().getByText("word 30")).toBeVisible();
  await chat.page.getByRole("log", { name: "Conversation" }).hover();
  for (let step = 0; step < 20; step++) {
    await chat.page.mouse.wheel(0, -6);
    await chat.page.waitForTimeout(30);
  }
  await expect.poll(() => fromEnd(chat)).toBeGreaterThan(100);
  await expect(chat.page.getByRole("button", { name: "Newest" })).toBeVisible();
  await chat.page.getByRole("button", { name: "Stop" }).click();
});

test("rests at its end after each answer", async () => {
  const chat = await open("rests", 6);
  for (const length of [1, 60, 300, 7]) {
    await chat.say(`Message of ${length}. ${"More words. ".repeat(length)}`);
    await expect(chat.answers.last().getByRole("button", { name: /X-ray/ })).toBeVisible();
    // Rows end between two pixels.
    await expect.poll(() => fromEnd(chat)).toBeLessThanOrEqual(1);
  }
});
