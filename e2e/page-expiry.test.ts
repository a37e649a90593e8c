import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { moved, places } from "./row-places.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
const TTL_SECONDS = 2;
beforeAll(async () => {
  stack = await startStack({ SESSION_TTL_SECONDS: String(TTL_SECONDS) });
});
afterAll(() => stack?.stop());

async function open(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open());
  await chat.provider(/Mirror/);
  await chat.memory("Stateful");
  return chat;
}
const sessionOf = ({ page }: ChatPage) => decodeURIComponent(page.url().split("#/s/")[1] ?? "");
const marks = (chat: ChatPage) =>
  chat.page
    .getByRole("log", { name: "Conversation" })
    .getByRole("article")
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("data-mark")));
const expire = (chat: ChatPage) =>
  expect(chat.page.getByText(/^Expired at \d.*: Redis no longer has these messages$/)).toBeVisible();

describe("a session that Redis no longer has", () => {
  test("is shown as expired, and its messages can be put back", async () => {
    const chat = await open();
    await chat.say("My name is Eve");
    const before = await places(chat);
    await expire(chat);
    expect(await moved(chat, before)).toBe(0);
    await expect.poll(() => marks(chat)).toEqual(["gone", "gone"]);
    await expect(chat.page.getByText("Expired", { exact: true })).toBeVisible();
    await expect(chat.page.getByText("Sends only this message")).toBeVisible();
    await expect(chat.page.getByText("Nothing stored yet.")).toBeVisible();

    await chat.page.getByRole("button", { name: "Put them back" }).click();
    await expect(chat.page.getByText("Sends these 3 messages")).toBeVisible();
    expect(await chat.say("What's my name?")).toContain("Eve");
  });

  test("is started again by the next message, which is sent alone", async () => {
    const chat = await open();
    await chat.say("My name is Eve");
    await expire(chat);
    expect(await chat.say("What's my name?")).toContain("I was sent 1 message");
    expect((await marks(chat)).slice(0, 3)).toEqual(["gone", "gone", "sent"]);
    await expect(chat.page.getByRole("button", { name: "Put them back" })).toBeHidden();
  });

  test("is shown as deleted if another tab has deleted it", async () => {
    const chat = await open();
    await chat.say("My name is Eve");
    await stack.send("PATCH", `/sessions/${sessionOf(chat)}`, { ttl_seconds: 600 });
    // The page learns the new TTL when it loads: by the old one the session would have expired.
    await chat.page.reload();
    await expect(chat.page.getByRole("article", { name: "Assistant" })).toBeVisible();
    const other = await chat.page.context().newPage();
    await other.goto(`${stack.url}/#/s/${sessionOf(chat)}`);
    await expect(other.getByRole("article", { name: "Assistant" })).toBeVisible();
    await other.getByRole("button", { name: "Clear session" }).click();
    await expect(chat.page.getByText("Redis no longer has these messages: they were deleted")).toBeVisible();
    await expect.poll(() => marks(chat)).toEqual(["gone", "gone"]);
    // The user cleared it there: nothing is missing.
    await expect(other.getByText("A model knows what it is sent")).toBeVisible();
    await expect(other.getByText(/This session has expired/)).toBeHidden();
  });
});

test("opens a new session for a link that is not valid, and does not keep it", async () => {
  const chat = await open();
  const { page } = chat;
  await page.goto("about:blank");
  await page.goto(`${stack.url}/#/s/..`);
  await expect(page.getByText("This link is not valid")).toBeVisible();
  expect(sessionOf(chat)).toMatch(/^session_\d+_/);
  await expect(page.getByText("A model knows what it is sent")).toBeVisible();
  await page.goto("about:blank");
  await page.goto(stack.url);
  await expect(page.getByText("This link is not valid")).toBeHidden();
});

test("counts the time left by the server's clock", async () => {
  const context = (await stack.open()).context();
  const page = await context.newPage();
  await page.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + 3 * 3_600_000;
  });
  await page.goto(stack.url);
  const chat = new ChatPage(page);
  await chat.provider(/Mirror/);
  await chat.say("Hello");
  await stack.send("PATCH", `/sessions/${sessionOf(chat)}`, { ttl_seconds: 600 });
  await page.reload();
  await expect(page.getByRole("navigation", { name: "Sessions" }).getByText("9 min left")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Expires in 9:\d\d/ })).toBeVisible();
});

test("does not send on the Enter key that ends a composition in Safari", async () => {
  const { page } = await open();
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("にほん");
  await box.dispatchEvent("compositionstart");
  await box.dispatchEvent("compositionend");
  await box.dispatchEvent("keydown", { key: "Enter", keyCode: 229 });
  await expect.poll(() => box.inputValue()).toBe("にほん");
  await box.press("Enter");
  await expect(page.getByRole("article", { name: "Assistant" })).toBeVisible();
});
