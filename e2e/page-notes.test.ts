import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

async function open(): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.page.waitForURL(/#\/s\//);
  await chat.provider(/Mirror/);
  await chat.memory("Stateful");
  return chat;
}

const dialogOf = ({ page }: ChatPage) => page.getByRole("dialog", { name: "Notes" });
const barOf = ({ page }: ChatPage) => page.locator(".inspector").getByRole("img", { name: /Context window/ });

test("keeps a message as a note, which is sent only when the user has switched that on", async () => {
  const chat = await open();
  await chat.say("I live in Turin.");
  const row = chat.page.getByRole("article", { name: "You" }).first();
  await row.hover();
  await row.getByRole("button", { name: "Keep as a note" }).click();
  const dialog = dialogOf(chat);
  await expect
    .poll(() => dialog.getByRole("textbox", { name: "New note" }).inputValue())
    .toBe("I live in Turin.");
  await dialog.getByRole("button", { name: "Keep", exact: true }).click();
  await expect(dialog.getByRole("listitem").getByText("I live in Turin.")).toBeVisible();
  await expect(dialog.getByText("1 note of at most 50")).toBeVisible();
  await expect.poll(() => barOf(chat).getAttribute("aria-label")).not.toContain("notes");
  const send = dialog.getByRole("checkbox", { name: /Send my notes/ });
  await expect.poll(() => send.isChecked()).toBe(false);
  await send.check();
  await chat.page.keyboard.press("Escape");
  await expect.poll(() => barOf(chat).getAttribute("aria-label")).toMatch(/\d+ notes/);
  await chat.page.getByRole("button", { name: "New session" }).first().click();
  await chat.say("Hi");
  await chat.page
    .getByRole("button", { name: /^X-ray: / })
    .last()
    .click();
  await expect(chat.page.getByText("X-ray: what the model was sent")).toBeVisible();
  await expect.poll(() => barOf(chat).getAttribute("aria-label")).toMatch(/\d+ notes/);
  await expect(
    chat.page.getByRole("region", { name: "Messages sent" }).getByText("- I live in Turin."),
  ).toBeVisible();
  // From another session back to the message.
  await chat.page.getByRole("button", { name: "Notes" }).click();
  await dialog.getByRole("button", { name: "Show the message" }).click();
  await expect(chat.page.getByRole("article", { name: "You" }).getByText("I live in Turin.")).toBeVisible();
});

test("keeps a new note where an older answer comes after it", async () => {
  const chat = await open();
  const [released, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await chat.page.route(
    "**/api/notes",
    async (route) => {
      const response = await route.fetch();
      await released.promise;
      await route.fulfill({ response });
      arrived.resolve();
    },
    { times: 1 },
  );
  await chat.page.getByRole("button", { name: "Notes" }).click();
  const dialog = dialogOf(chat);
  const note = dialog.getByRole("listitem").filter({ hasText: "I like tea." });
  await dialog.getByRole("textbox", { name: "New note" }).fill("I like tea.");
  await chat.page.keyboard.press("Enter");
  await expect(note).toBeVisible();
  released.resolve();
  await arrived.promise;
  // Two frames: the page has rendered it.
  await chat.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  expect(await note.isVisible()).toBe(true);
  await note.getByRole("button", { name: "Delete note" }).click();
  await expect(note).toBeHidden();
});

test("edits, deletes, restores, exports and imports notes", async () => {
  const chat = await open();
  await chat.page.getByRole("button", { name: "Notes" }).click();
  const dialog = dialogOf(chat);
  await dialog.getByRole("textbox", { name: "New note" }).fill("My dog is Rex");
  await chat.page.keyboard.press("Enter");
  const note = dialog.getByRole("listitem").filter({ hasText: "Rex" });
  await note.getByRole("button", { name: "Edit note" }).click();
  await dialog.getByRole("textbox", { name: "Edited note" }).fill("My dog was Rex");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(note.getByText("My dog was Rex")).toBeVisible();
  const saved = chat.page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Export" }).click();
  const path = await (await saved).path();
  // The toast appears under the pointer, and stays.
  await chat.page.mouse.move(720, 25);
  await note.getByRole("button", { name: "Delete note" }).press("Enter");
  await expect(note).toBeHidden();
  await chat.page.getByRole("button", { name: "Undo" }).click();
  await expect(note).toBeVisible();
  await note.getByRole("button", { name: "Delete note" }).click();
  await expect(note).toBeHidden();
  const chosen = chat.page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Import" }).click();
  await (await chosen).setFiles(path);
  await expect(note.getByText("My dog was Rex")).toBeVisible();
  const other = chat.page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Import" }).click();
  const notNotes = { name: "a.json", mimeType: "application/json", buffer: Buffer.from("{}") };
  await (await other).setFiles(notNotes);
  await expect(chat.page.getByText(/^a\.json is not a file that was exported here: /)).toBeVisible();
  await dialog.getByRole("textbox", { name: "New note" }).fill("a".repeat(201));
  await expect(dialog.getByText("1 character too many")).toBeVisible();
  await expect.poll(() => dialog.getByRole("button", { name: "Keep", exact: true }).isDisabled()).toBe(true);
});
