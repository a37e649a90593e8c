import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

async function open(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.memory("Stateful");
  await chat.provider(/^Mirror/);
  return chat;
}
const input = ({ page }: ChatPage) => page.getByRole("textbox", { name: "Message" });
const tooLong = ({ page }: ChatPage) =>
  page.getByText("1 character more than the 2,000 that a message may have");

describe("what people do with a page", () => {
  test("what cannot be fetched is said, and the page stays", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.context().setOffline(true);
    await chat.page.getByRole("button", { name: "Settings" }).click();
    await chat.page.getByText("This part of the page could not be loaded").waitFor();
    expect(await chat.answers.count()).toBe(1);
    await chat.page.context().setOffline(false);
    await chat.say("Still there?");
  });

  test("the words can be read where what shows them cannot be had", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.route("**/filled-log-*.js", (route) => route.abort());
    await chat.page.reload();
    await chat.page.getByRole("log", { name: "Conversation" }).getByText("I was sent 1 message").waitFor();
  });

  test("one character too many is said at once, wherever one writes, and nothing is cut off", async () => {
    const chat = await open();
    const refused: string[] = [];
    chat.page.on("response", (response) => response.status() === 400 && refused.push(response.url()));
    await chat.say("Hello");
    const text = "é".repeat(2001);
    await input(chat).fill(text);
    await tooLong(chat).waitFor();
    await chat.page.getByRole("article", { name: "You" }).hover();
    await chat.page.getByRole("button", { name: "Edit message" }).click();
    await chat.page.getByRole("textbox", { name: "Edited message" }).fill(text);
    await expect.poll(() => tooLong(chat).count()).toBe(2);
    expect(await chat.page.getByRole("button", { name: "Send as a branch" }).isDisabled()).toBe(true);
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    await input(chat).fill(text);
    await tooLong(chat).waitFor();
    expect(await input(chat).inputValue()).toBe(text);
    expect(refused).toEqual([]);
  });

  test("a link to a session whose time ran out says so; one that is new has lost nothing", async () => {
    const chat = await open();
    const gone = chat.page.getByText("Redis has nothing of this session");
    await chat.page.reload();
    await chat.page.getByText("A model knows what it is sent").waitFor();
    expect(await gone.count()).toBe(0);
    await chat.page.goto(`${stack.url}/#/s/session_1600000000000_expired00`);
    await gone.waitFor();
    await chat.say("Anew");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await chat.page.getByText("A model knows what it is sent").waitFor();
    expect(await gone.count()).toBe(0);
  });

  test("a conversation on its way looks like no empty one", async () => {
    const chat = await open();
    await chat.say("Hello");
    const asked = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    await chat.page.route("**/messages?*", async (route) => {
      asked.resolve();
      await told.promise;
      await route.continue();
    });
    await chat.page.reload();
    await asked.promise;
    await chat.page.getByText("Loading the conversation…").waitFor();
    expect(await chat.page.getByText("A model knows what it is sent").count()).toBe(0);
    told.resolve();
    await chat.answers.first().waitFor();
  });

  test("a session is listed, and its keys are shown, while its first answer runs", async () => {
    const chat = await open();
    await chat.provider(/^Cloud/);
    await input(chat).fill(`fake ${JSON.stringify({ words: 400, delayMs: 30 })}`);
    await chat.page.keyboard.press("Enter");
    await chat.answers.last().getByText("word 5").waitFor();
    const sessions = chat.page.getByRole("navigation", { name: "Sessions" });
    await sessions.getByRole("link", { name: /^fake/ }).waitFor();
    await chat.page.getByRole("rowheader", { name: "…:log" }).waitFor();
    expect(await chat.page.title()).toMatch(/^fake .* · Memory Magic$/);
    await chat.page.getByRole("button", { name: "Stop" }).click();
  });

  test("messages that came without a turn have no title that changes while one scrolls", async () => {
    const chat = await open();
    const messages = Array.from({ length: 120 }, (_, n) => ({ role: "user", content: `Imported ${n}` }));
    await fetch(`${stack.api}/sessions/imported/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
    await chat.page.goto(`${stack.url}/#/s/imported`);
    await chat.page.getByRole("heading", { name: "Untitled session" }).waitFor();
  });

  test("by keyboard one gets past the list of sessions with one key", async () => {
    const chat = await open();
    await chat.page.reload();
    await input(chat).waitFor();
    await chat.page.keyboard.press("Tab");
    await chat.page.keyboard.press("Enter");
    await chat.page.keyboard.type("Hello");
    expect(await input(chat).inputValue()).toBe("Hello");
  });

  test("what is undone is there again, and the focus is where it was", async () => {
    const chat = await open();
    await chat.say("To be undone");
    const url = chat.page.url();
    const act = async (action: string) => {
      await chat.page.getByRole("button", { name: "Actions for To be undone" }).focus();
      await chat.page.keyboard.press("Enter");
      await chat.page.getByRole("button", { name: action, exact: true }).press("Enter");
    };
    await act("Rename");
    await chat.page.keyboard.press("Escape");
    const focused = () => chat.page.evaluate<string>("document.activeElement.textContent");
    await expect.poll(focused).toMatch(/^To be undone/);
    await act("Delete");
    await chat.page.getByText("A model knows what it is sent").waitFor();
    await chat.page.getByRole("button", { name: "Undo" }).click();
    await chat.answers.first().waitFor();
    expect(chat.page.url()).toBe(url);
  });

  test("double clicks are one wish", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.answers.last().hover();
    await chat.page.getByRole("button", { name: "Regenerate" }).dblclick();
    const branches = chat.page.getByRole("navigation", { name: "Branches" });
    await branches.getByText("2 / 2").waitFor();
    await chat.page.getByRole("button", { name: "Clear session" }).dblclick();
    await chat.page.getByText("A model knows what it is sent").waitFor();
    expect(await chat.page.getByText("The session is cleared").count()).toBe(1);
  });

  test("the browser's way back leads out of side by side too", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    await chat.page.getByRole("heading", { name: "Side by side" }).waitFor();
    await chat.page.goBack();
    await chat.answers.first().waitFor();
  });

  test("the tour moves the toggles before it speaks of them", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Guided tour" }).click();
    const tour = chat.page.getByRole("region", { name: "Guided tour" });
    await tour.getByText("Memory is off.").waitFor();
    await chat.badge.getByText("No Memory").waitFor();
    await chat.page.getByText("Sends this message alone").waitFor();
  });
});
