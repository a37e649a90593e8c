import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { holdRequests } from "./hold-requests.ts";
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
const tooLong = ({ page }: ChatPage) => page.getByText("1 character over the limit of 20,000");

describe("everyday use", () => {
  test("reports a part that cannot be loaded and keeps working", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.context().setOffline(true);
    await chat.page.getByRole("button", { name: "Settings" }).click();
    await expect(chat.page.getByText("This part of the page could not be loaded")).toBeVisible();
    await expect.poll(() => chat.answers.count()).toBe(1);
    await chat.page.context().setOffline(false);
    await chat.page.keyboard.press("Escape");
    await chat.say("Still there?");
  });

  test("shows plain text if the message list cannot be loaded", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.route("**/message-list-*.js", (route) => route.abort());
    await chat.page.reload();
    await expect(
      chat.page.getByRole("log", { name: "Conversation" }).getByText("I was sent 1 message"),
    ).toBeVisible();
  });

  test("reports a text that is too long in every text box", async () => {
    const chat = await open();
    const refused: string[] = [];
    chat.page.on("response", (response) => response.status() === 400 && refused.push(response.url()));
    await chat.say("Hello");
    const text = "é".repeat(20_001);
    await input(chat).fill(text);
    await expect(tooLong(chat)).toBeVisible();
    await chat.page.getByRole("article", { name: "You" }).hover();
    await chat.page.getByRole("button", { name: "Edit message" }).click();
    await chat.page.getByRole("textbox", { name: "Edited message" }).fill(text);
    await expect.poll(() => tooLong(chat).count()).toBe(2);
    await expect
      .poll(() => chat.page.getByRole("button", { name: "Send as a new version" }).isDisabled())
      .toBe(true);
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    await input(chat).fill(text);
    await expect(tooLong(chat)).toBeVisible();
    await expect.poll(() => input(chat).inputValue()).toBe(text);
    expect(refused).toEqual([]);
  });

  test("explains a link to an expired session, but not a new session", async () => {
    const chat = await open();
    const gone = chat.page.getByText("This session has expired or was deleted.");
    await chat.page.reload();
    await expect(chat.page.getByText("A model knows what it is sent")).toBeVisible();
    expect(await gone.count()).toBe(0);
    const unused = chat.page.url();
    // Neither address carries what the history of the first tab knows.
    for (const address of [unused, stack.url, `${stack.url}/#/`]) {
      const tab = await chat.page.context().newPage();
      await tab.goto(address);
      await expect(tab.getByText("A model knows what it is sent")).toBeVisible();
      expect(await tab.getByText("This session has expired or was deleted.").count()).toBe(0);
      await tab.close();
    }
    await chat.page.goto(`${stack.url}/#/s/session_1600000000000_expired00`);
    await expect(gone).toBeVisible();
    await chat.say("Anew");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await expect(chat.page.getByText("A model knows what it is sent")).toBeVisible();
    expect(await gone.count()).toBe(0);
  });

  test("does not show a loading conversation as an empty one", async () => {
    const chat = await open();
    await chat.say("Hello");
    const answer = await holdRequests(chat.page, "**/items?*");
    const asked = chat.page.waitForRequest("**/items?*");
    await chat.page.reload();
    await asked;
    await expect(chat.page.getByText("Loading the conversation…")).toBeVisible();
    expect(await chat.page.getByText("A model knows what it is sent").count()).toBe(0);
    answer();
    await expect(chat.answers.first()).toBeVisible();
  });

  test("lists a session and its keys while its first answer runs", async () => {
    const chat = await open();
    await chat.provider(/^Cloud/);
    await input(chat).fill(`fake ${JSON.stringify({ words: 400, delayMs: 30 })}`);
    await chat.page.keyboard.press("Enter");
    await expect(chat.answers.last().getByText("word 5")).toBeVisible();
    const sessions = chat.page.getByRole("navigation", { name: "Sessions" });
    await expect(sessions.getByRole("link", { name: /^fake/ })).toBeVisible();
    await expect(chat.page.getByRole("rowheader", { name: "…:log" })).toBeVisible();
    await expect.poll(() => chat.page.title()).toMatch(/^fake .* · Memory Magic$/);
    await chat.page.getByRole("button", { name: "Stop" }).click();
  });

  test("keeps the title of messages without a turn while scrolling", async () => {
    const chat = await open();
    const messages = Array.from({ length: 120 }, (_, n) => ({ role: "user", content: `Imported ${n}` }));
    await stack.send("POST", "/sessions/imported/messages", { messages });
    await chat.page.goto(`${stack.url}/#/s/imported`);
    await expect(chat.page.getByRole("heading", { name: "Untitled session" })).toBeVisible();
  });

  test("skips the list of sessions with one key", async () => {
    const chat = await open();
    await chat.page.reload();
    await expect(input(chat)).toBeVisible();
    await chat.page.getByRole("button", { name: "Write a message" }).focus();
    await chat.page.keyboard.press("Enter");
    await chat.page.keyboard.type("Hello");
    await expect.poll(() => input(chat).inputValue()).toBe("Hello");
  });

  test("restores what was undone, and the focus", async () => {
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
    // The toast appears under the pointer, and stays.
    await chat.page.mouse.move(720, 25);
    await act("Delete");
    await expect(chat.page.getByText("A model knows what it is sent")).toBeVisible();
    await chat.page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(chat.answers.first()).toBeVisible();
    expect(chat.page.url()).toBe(url);
  });

  test("undoes in the drawer what was done there", async () => {
    const chat = new ChatPage(await stack.open({ viewport: { width: 390, height: 844 } }));
    await chat.provider(/^Mirror/);
    await chat.say("Deleted in the drawer");
    await chat.page.getByRole("button", { name: "Sessions" }).click();
    await chat.page.getByRole("button", { name: "Actions for Deleted in the drawer" }).click();
    await chat.page.mouse.move(195, 25);
    await chat.page.getByRole("button", { name: "Delete", exact: true }).press("Enter");
    await chat.page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(chat.page.getByRole("link", { name: /^Deleted in the drawer/ })).toBeVisible();
  });

  test("keeps a toast while the pointer is over it or the focus is in it", async () => {
    const chat = await open();
    const { page } = chat;
    await page.clock.install();
    await page.reload();
    await chat.say("To be cleared");
    const toast = page.locator(".toast");
    await page.clock.pauseAt((await page.evaluate<number>("Date.now()")) + 60_000);
    await page.getByRole("button", { name: "Clear session" }).press("Enter");
    await expect(toast.getByText("Session cleared")).toBeVisible();
    await toast.hover();
    await page.clock.fastForward(60_000);
    expect(await toast.count()).toBe(1);
    await page.getByRole("button", { name: "Undo", exact: true }).focus();
    await page.mouse.move(720, 400);
    await page.clock.fastForward(60_000);
    expect(await toast.count()).toBe(1);
    await input(chat).focus();
    await page.clock.fastForward(60_000);
    await expect.poll(() => toast.count()).toBe(0);
  });

  test("handles a double click once", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.answers.last().hover();
    await chat.page.getByRole("button", { name: "Regenerate" }).dblclick();
    const branches = chat.page.getByRole("navigation", { name: "Versions" });
    await expect(branches.getByText("2 / 2")).toBeVisible();
    await chat.page.getByRole("button", { name: "Clear session" }).dblclick();
    await expect(chat.page.getByText("A model knows what it is sent")).toBeVisible();
    await expect(chat.page.getByText("Session cleared")).toBeVisible();
  });

  test("shows no turn of a session that was cleared", async () => {
    const chat = await open();
    await chat.say("Hello");
    const xray = chat.page.getByRole("complementary", { name: "X-ray" });
    await chat.answers
      .last()
      .getByRole("button", { name: /^X-ray: / })
      .click();
    await expect(xray.getByText("X-ray: what the model was sent")).toBeVisible();
    await chat.page.getByRole("button", { name: "Clear session" }).click();
    await expect(xray.getByText("X-ray: what the model will be sent")).toBeVisible();
  });

  test("says that a session was deleted in another tab", async () => {
    const chat = await open();
    await chat.say("My name is Eve");
    const other = await chat.page.context().newPage();
    await other.goto(chat.page.url());
    await expect(other.getByRole("article", { name: "Assistant" })).toBeVisible();
    await other.getByRole("button", { name: "Clear session" }).click();
    await expect(chat.page.getByText("Redis no longer has these messages: they were deleted")).toBeVisible();
    const marks = () =>
      chat.page.getByRole("article").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-mark")));
    await expect.poll(marks).toEqual(["gone", "gone"]);
    // The user cleared it there: nothing is missing.
    await expect(other.getByText("A model knows what it is sent")).toBeVisible();
    await expect(other.getByText(/This session has expired/)).toBeHidden();
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
    const id = page.url().split("#/s/")[1];
    await stack.send("PATCH", `/sessions/${id}`, { ttl_seconds: 600 });
    await page.reload();
    const sessions = page.getByRole("navigation", { name: "Sessions" });
    await expect(sessions.getByText("9 min left", { exact: true })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Expires in 9:\d\d/ })).toBeVisible();
  });

  test("leaves side by side by the browser's back button", async () => {
    const chat = await open();
    await chat.say("Hello");
    await chat.page.getByRole("button", { name: "New session" }).click();
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    await expect(chat.page.getByRole("heading", { name: "Side by side" })).toBeVisible();
    await chat.page.goBack();
    await expect(chat.answers.first()).toBeVisible();
  });

  test("shows the tour where it starts out of sight", async () => {
    const { page } = new ChatPage(await stack.open({ viewport: { width: 320, height: 256 } }));
    await page.getByRole("button", { name: "Sessions" }).click();
    await page.getByRole("button", { name: "Guided tour" }).click();
    const bottom = async () => {
      const box = await page.getByRole("region", { name: "Guided tour" }).boundingBox();
      return (box?.y ?? 256) + (box?.height ?? 1);
    };
    await expect.poll(bottom).toBeLessThanOrEqual(256);
  });

  test("sets the switches before a step of the tour", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Guided tour" }).click();
    const tour = chat.page.getByRole("region", { name: "Guided tour" });
    await expect(tour.getByText("Memory is off.")).toBeVisible();
    await expect(chat.badge.getByText("No Memory")).toBeVisible();
    await expect(chat.page.getByText("Sends only this message")).toBeVisible();
  });
});
