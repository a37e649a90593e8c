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
/** Gives the session ten minutes, as soon as it is there. */
const keep = (chat: ChatPage) =>
  expect
    .poll(async () => {
      const body = { ttl_seconds: 600 };
      return (await stack.send("PATCH", `/sessions/${sessionOf(chat)}`, body)).status;
    })
    .toBe(200);
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
    await keep(chat);
    await expect(chat.page.getByText("Sends these 3 messages")).toBeVisible();
    expect(await chat.say("What's my name?")).toContain("Eve");
  });

  test("is started again by the next message, which is sent alone", async () => {
    const chat = await open();
    await chat.say("My name is Eve");
    await expire(chat);
    const [answer] = await Promise.all([chat.say("What's my name?"), keep(chat)]);
    expect(answer).toContain("I was sent 1 message");
    expect((await marks(chat)).slice(0, 3)).toEqual(["gone", "gone", "sent"]);
    await expect(chat.page.getByRole("button", { name: "Put them back" })).toBeHidden();
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
