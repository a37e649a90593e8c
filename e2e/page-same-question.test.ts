import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const sessionCount = async () => {
  const response = await fetch(`${stack.api}/sessions`);
  const { sessions } = (await response.json()) as { sessions: unknown[] };
  return sessions.length;
};

async function withMemory(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/^Mirror/);
  await chat.memory("Stateful");
  await chat.say("My name is Bob");
  await chat.say("What's my name?");
  return chat;
}

test("answers the same question without memory, beside the answer with it, and leaves nothing", async () => {
  const chat = await withMemory();
  const before = await sessionCount();
  await chat.answers.last().getByRole("button", { name: "Same question without memory" }).click();
  const dialog = chat.page.getByRole("dialog", { name: /^The same question/ });
  const off = dialog.getByRole("region", { name: "Memory off" });
  const on = dialog.getByRole("region", { name: "Memory on" });
  await expect(dialog.getByText(/2 messages from Redis \(\d+ tokens\) came along/)).toBeVisible();
  await expect(off.getByText("I was sent 1 message")).toBeVisible();
  await expect(on.getByText("I was sent 3 messages")).toBeVisible();
  await expect.poll(() => on.getByText("only here").count()).toBe(2);
  await expect.poll(() => off.getByText("only here").count()).toBe(0);
  await expect(off.getByText("Was sent 1 message ·")).toBeVisible();
  expect(await chat.violations()).toEqual([]);
  await chat.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect.poll(sessionCount).toBe(before);
  await expect.poll(() => chat.answers.count()).toBe(2);
});

test("keeps the other answer as a branch", async () => {
  const chat = await withMemory();
  await chat.memory("Stateless");
  await chat.say("And now?");
  await chat.answers.last().getByRole("button", { name: "Same question with memory" }).click();
  const dialog = chat.page.getByRole("dialog", { name: /^The same question/ });
  await expect(dialog.getByText(/4 messages from Redis/)).toBeVisible();
  const before = chat.page.url();
  await dialog.getByRole("button", { name: "Keep as a version" }).click();
  await expect(dialog).toBeHidden();
  await expect(chat.answers.last().getByText("I was sent 5 messages")).toBeVisible();
  expect(chat.page.url()).not.toBe(before);
});
