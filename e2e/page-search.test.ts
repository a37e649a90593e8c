import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

async function append(session: string, contents: string[]): Promise<void> {
  await stack.send("POST", `/sessions/${session}/messages`, {
    messages: contents.map((content) => ({ role: "user", content })),
  });
}
const box = ({ page }: ChatPage) => page.getByRole("combobox", { name: /^Find/ });
const option = ({ page }: ChatPage, name: RegExp) => page.getByRole("option", { name });

test("finds what was said by Ctrl K, and opens the session there", async () => {
  const others = Array.from({ length: 160 }, (_, n) => `Another line, number ${n}`);
  await append("said-once", ["The Fibonacci numbers grow quickly.", ...others]);
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.page.waitForURL(/#\/s\//);
  await chat.page.keyboard.press("Control+k");
  await expect(box(chat)).toBeVisible();
  await chat.page.keyboard.type("grow fibonacci");
  await expect(option(chat, /The Fibonacci numbers grow quickly/)).toBeVisible();
  await expect(chat.page.getByText("161 messages in 1 session searched.")).toBeVisible();
  await chat.page.keyboard.press("Enter");
  await chat.page.waitForURL(/said-once/);
  // Its page of messages is not the one that is loaded first.
  const found = chat.page.getByRole("article", { name: "You" }).getByText("The Fibonacci numbers");
  await expect(found).toBeVisible();
  await expect
    .poll(async () => {
      const [frame, row] = await Promise.all([
        chat.page.getByRole("log", { name: "Conversation" }).boundingBox(),
        found.boundingBox(),
      ]);
      return frame !== null && row !== null && row.y >= frame.y && row.y < frame.y + frame.height;
    })
    .toBe(true);
});

test("finds commands and sessions too, by keyboard alone, and says what was not found", async () => {
  const chat = new ChatPage(await stack.open({ viewport: { width: 390, height: 844 } }));
  await chat.memory("Stateless");
  await chat.provider(/^Mirror/);
  await chat.say("A title to be found");
  await chat.page.keyboard.press("Control+k");
  await box(chat).fill("zzz not said");
  await expect(chat.page.getByText(/No message has these words\./)).toBeVisible();
  await box(chat).fill("title to be");
  await expect(option(chat, /A title to be found/).first()).toBeVisible();
  await box(chat).fill("se");
  await expect(option(chat, /^Settings$/)).toBeVisible();
  await chat.page.keyboard.press("ArrowDown");
  await chat.page.keyboard.press("ArrowUp");
  await box(chat).fill("settings");
  await chat.page.keyboard.press("Enter");
  await expect(chat.page.getByRole("dialog", { name: "Settings" })).toBeVisible();
});
