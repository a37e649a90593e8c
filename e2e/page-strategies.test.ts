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
  return chat;
}

test("lists what no longer fits, shows the list and its messages, and leaves recall as it is", async () => {
  const id = "listed";
  const messages = Array.from({ length: 20 }, (_, n) => [
    { role: "user", content: `Town number ${n}: tell me about its weather at noon, and about its trains.` },
    { role: "assistant", content: "It rains there, as on most days of the year, and it will go on." },
  ]).flat();
  await stack.send("POST", `/sessions/${id}/messages`, { messages });
  const settings = { mode: "stateful", provider: "mirror", context_tokens: 768 };
  await stack.send("PATCH", `/sessions/${id}/settings`, settings);
  const chat = await open();
  const { page } = chat;
  await page.goto(`${stack.url}/#/s/${id}`);
  await expect(chat.answers.last()).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  const choice = page.getByRole("combobox", { name: "Sent when the conversation no longer fits" });
  await expect.poll(() => choice.inputValue()).toBe("recall");
  const list = page.getByRole("region", { name: "Table of contents" });
  await expect.poll(() => list.count()).toBe(0);
  const stored = page.waitForResponse((it) => it.request().method() === "PATCH");
  await choice.selectOption("recall+summary");
  await stored;
  const entry = list.getByRole("button", { name: /^Town number \d+: tell me about its weather…$/ });
  await expect(entry.first()).toBeVisible();
  await expect(list.getByText(/Made by rule, not by a model/)).toBeVisible();
  const bar = page.locator(".inspector").getByRole("img", { name: /\d+ table of contents, \d+ history/ });
  await expect(bar).toBeVisible();
  const recall = page.getByRole("checkbox", { name: "Recall" });
  await expect.poll(() => recall.isChecked()).toBe(true);
  const [title = ""] = (await entry.first().innerText()).split(":");
  await entry.first().click();
  const original = page.getByRole("article", { name: "You" }).filter({ hasText: `${title}:` });
  await expect.poll(async () => ((await original.boundingBox())?.y ?? -1) > 0).toBe(true);
  await recall.uncheck();
  await expect.poll(() => choice.inputValue()).toBe("summary");
  await expect(entry.first()).toBeVisible();
  expect(await chat.say("Hello")).toContain(`I was sent the first words of: "${title}`);
  await page.reload();
  await expect.poll(() => choice.inputValue()).toBe("summary");
  await chat.memory("Stateless");
  await expect.poll(() => choice.isDisabled()).toBe(true);
});

test("shows what a model summed up of it, with where it comes from, and why there was nothing before", async () => {
  const id = "summed-up";
  const text = "The user asked for the weather and the trains of several towns.";
  const messages = Array.from({ length: 20 }, (_, n) => [
    { role: "user", content: `Town number ${n}: tell me about its weather at noon, and about its trains.` },
    { role: "assistant", content: "It rains there, as on most days of the year, and it will go on." },
  ]).flat();
  await stack.send("POST", `/sessions/${id}/messages`, { messages });
  const settings = { mode: "stateful", provider: "chatgpt", context_tokens: 768, memory: "summary" };
  await stack.send("PATCH", `/sessions/${id}/settings`, settings);
  stack.openai.scenario = { pieces: [text] };
  const chat = await open();
  const { page } = chat;
  await page.goto(`${stack.url}/#/s/${id}`);
  await expect(chat.answers.last()).toBeVisible();
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("Hello");
  const list = page.getByRole("region", { name: "Table of contents" });
  await expect(list.getByText("No summary yet")).toBeVisible();
  await chat.say('fake {"pieces":["How nice."]}');
  const preview = { ...settings, session_id: id, message: "Hello" };
  await expect
    .poll(async () => (await stack.send("POST", "/context-preview", preview)).text())
    .toContain(text);
  await box.fill("Hello again");
  const summary = page.getByRole("region", { name: "Summary by gpt-5-mini" });
  await expect(summary.getByText(text)).toBeVisible();
  await expect(summary.getByText(/^Of the first \d+ entries, .*It can be wrong\.$/)).toBeVisible();
  await expect.poll(() => summary.getByText("No summary").count()).toBe(0);
  const bar = page.locator(".inspector").getByRole("img", { name: /\d+ summary by gpt-5-mini/ });
  await expect(bar).toBeVisible();
});

test("compares all ways to remember in a small window, with what each one costs", async () => {
  const chat = await open();
  const { page } = chat;
  await chat.provider(/Mirror/);
  await page.getByRole("button", { name: "Side by side" }).click();
  const add = page.getByRole("button", { name: "Lane", exact: true });
  for (let lanes = 2; lanes < 6; lanes++) await add.click();
  await expect.poll(() => add.isDisabled()).toBe(true);
  await page.getByRole("combobox", { name: "Window" }).selectOption("512");
  const answers = page.getByRole("article", { name: "Assistant" });
  const filler = "The weather in our town was fine, and we walked along the river for a while. ".repeat(7);
  for (const [n, text] of ["My name is Ada", filler, filler, filler, "What is my name?"].entries()) {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.keyboard.press("Enter");
    await expect.poll(() => answers.count()).toBe(6 * (n + 1));
    await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
  }
  const lastAnswer = (lane: string) =>
    page
      .getByRole("region", { name: `${lane} · Mirror` })
      .getByRole("article", { name: "Assistant" })
      .last()
      .innerText();
  await expect.poll(() => lastAnswer("Memory off")).toContain("I was sent 1 message: this one.");
  await expect.poll(() => lastAnswer("Memory on: newest messages")).not.toContain("My name is Ada");
  await expect.poll(() => lastAnswer("Memory on: all that fits")).toContain("My name is Ada");
  for (const lane of ["Memory on: summary or contents", "Memory on: recall, summary or contents"])
    await expect.poll(() => lastAnswer(lane)).toContain("I was sent the first words of");
  const table = page.getByRole("region", { name: "Tokens sent, added up" }).locator("tbody");
  const cells = async (column: number) => table.locator(`td:nth-child(${column})`).allInnerTexts();
  await expect.poll(async () => (await cells(2)).every((text) => text !== "0")).toBe(true);
  const [off, recall, window, , , everything] = (await cells(2)).map((text) => Number(text.replace(",", "")));
  expect(off).toBeLessThan(Number(window));
  expect(window).toBeLessThan(Number(recall));
  expect(recall).toBeLessThan(Number(everything));
  // The mirror has no cache and costs nothing.
  await expect.poll(() => cells(3)).toEqual(Array(6).fill("none reported"));
});
