import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Opens a conversation whose beginning does not fit its window. */
async function openLong(id: string): Promise<ChatPage> {
  const talk = Array.from({ length: 20 }, (_, n) => [
    { role: "user", content: `Tell me about the weather in the town number ${n}, at noon.` },
    { role: "assistant", content: "It rains there, as on most days of the year, and it will go on." },
  ]);
  const messages = [
    { role: "user", content: "My cat is called Miso." },
    { role: "assistant", content: "A fine name." },
    ...talk.flat(),
  ];
  await stack.send("POST", `/sessions/${id}/messages`, { messages });
  await stack.send("PATCH", `/sessions/${id}/settings`, {
    mode: "stateful",
    provider: "mirror",
    context_tokens: 512,
  });
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.page.waitForURL(/#\/s\//);
  await chat.page.goto(`${stack.url}/#/s/${id}`);
  await expect(chat.answers.last()).toBeVisible();
  return chat;
}

const input = ({ page }: ChatPage) => page.getByRole("textbox", { name: "Message" });
const marked = ({ page }: ChatPage) =>
  page.getByRole("article", { name: "You" }).filter({ hasText: "Miso" }).first().getAttribute("data-mark");

test("shows what is recalled before it is sent, why, and of how much", async () => {
  const chat = await openLong("recalled-first");
  const found = chat.page.getByRole("region", { name: "Recalled" });
  await input(chat).fill("What is my cat called?");
  await expect(chat.page.locator(".composer").getByText(/ and 2 recalled$/)).toBeVisible();
  await expect(found.getByText(/Has .*“cat/)).toBeVisible();
  await expect(found.getByText("My cat is called Miso.")).toBeVisible();
  await expect(found.getByText(/Searched \d+ of \d+ messages outside the window in [\d.]+ ms/)).toBeVisible();
  await expect(
    chat.page.locator(".inspector").getByRole("img", { name: /\d+ recalled, \d+ your message/ }),
  ).toBeVisible();
  await expect.poll(() => marked(chat)).toBe("recalled");
  await found.getByRole("button", { name: "Show in the conversation" }).first().click();
  const original = chat.page.getByRole("article", { name: "You" }).filter({ hasText: "Miso" }).first();
  await expect.poll(async () => ((await original.boundingBox())?.y ?? -1) > 0).toBe(true);

  await chat.say("What is my cat called?");
  await chat.page
    .getByRole("button", { name: /^X-ray: \d+ messages sent, 2 recalled$/ })
    .last()
    .click();
  await expect(chat.page.getByText("X-ray: what the model was sent")).toBeVisible();
  await expect(found.getByText("My cat is called Miso.")).toBeVisible();
});

test("shows what comes along with a message that is not written yet", async () => {
  const id = "recalled-for-nothing";
  const { page } = await openLong(id);
  const messages = [{ role: "user", content: "My cat is hungry." }];
  await stack.send("POST", `/sessions/${id}/messages`, { messages });
  await page.reload();
  const xray = page.getByRole("complementary", { name: "X-ray" });
  await expect(xray.getByText(/^Without a message, recall goes by/)).toBeVisible();
  await expect(page.locator(".composer").getByText(/ recalled$/)).toBeVisible();
  const last = xray.locator(".block").last();
  await expect(last.getByText(/My cat is called Miso[\s\S]*My cat is hungry/)).toBeVisible();
  await expect(xray.getByText("+ your next message")).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("What is my cat called?");
  await expect(xray.getByText(/^Searched \d+ of \d+ messages/)).toBeVisible();
});

test("leaves out of the next message what the user does not want to be recalled, until it is sent", async () => {
  const chat = await openLong("recalled-not-this");
  const found = chat.page.getByRole("region", { name: "Recalled" });
  await input(chat).fill("What is my cat called?");
  const hit = found.getByRole("listitem").filter({ hasText: "Miso" });
  await hit.getByRole("button", { name: "Not this one" }).click();
  await expect(hit).toBeHidden();
  await expect.poll(() => marked(chat)).toBe("kept");
  await found.getByRole("button", { name: "Recall again (1)" }).click();
  await expect(hit).toBeVisible();
  await hit.getByRole("button", { name: "Not this one" }).click();
  await expect(hit).toBeHidden();
  expect(await chat.say("What is my cat called?")).not.toContain("Miso");
  await input(chat).fill("What is my cat called?");
  await expect(hit).toBeVisible();
});

test("recalls nothing when it is switched off, which the session remembers", async () => {
  const chat = await openLong("recalled-off");
  const recall = chat.page.getByRole("checkbox", { name: "Recall" });
  await input(chat).fill("What is my cat called?");
  await expect.poll(() => marked(chat)).toBe("recalled");
  const stored = chat.page.waitForResponse((it) => it.request().method() === "PATCH");
  await recall.uncheck();
  await stored;
  await expect.poll(() => marked(chat)).toBe("kept");
  await expect.poll(() => chat.page.getByRole("region", { name: "Recalled" }).count()).toBe(0);
  await chat.page.reload();
  await expect.poll(() => recall.isChecked()).toBe(false);
  await chat.memory("Stateless");
  await expect.poll(() => recall.isDisabled()).toBe(true);
});

test("recalls from another session when that is switched on, names it and opens it", async () => {
  const id = "recalled-elsewhere";
  await stack.send("POST", `/sessions/${id}/messages`, {
    messages: [
      { role: "user", content: "The name of my parrot is Kiwi." },
      { role: "assistant", content: "A colourful name." },
    ],
  });
  await stack.send("PATCH", `/sessions/${id}`, { title: "Birds" });
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.page.waitForURL(/#\/s\//);
  await chat.provider(/Mirror/);
  await chat.memory("Stateful");
  await input(chat).fill("What is the name of my parrot?");
  const found = chat.page.getByRole("region", { name: "Recalled" });
  await expect(chat.page.locator(".inspector").getByRole("img", { name: /your message/ })).toBeVisible();
  await expect.poll(() => found.count()).toBe(0);
  await chat.page.getByRole("button", { name: "Settings" }).click();
  await chat.page.getByRole("checkbox", { name: "Recall from my other sessions too" }).check();
  await chat.page.keyboard.press("Escape");
  await expect(found.getByText("From “Birds”")).toBeVisible();
  await expect(found.getByText("The name of my parrot is Kiwi.")).toBeVisible();
  await expect(found.getByText(/outside the window and in \d+ other sessions? in/)).toBeVisible();
  expect(await chat.say("What is the name of my parrot?")).toContain("Kiwi");
  await found.getByRole("link", { name: "Show in its conversation" }).first().click();
  await chat.page.waitForURL(new RegExp(`#/s/${id}`));
  await expect(
    chat.page.getByRole("article", { name: "You" }).getByText("The name of my parrot is Kiwi."),
  ).toBeVisible();
});
