import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { holdRequests } from "./hold-requests.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const chosen = ({ page }: ChatPage, group: string) =>
  page
    .getByRole("radiogroup", { name: group })
    .getByRole("radio", { checked: true })
    .first()
    .evaluate((it: unknown) => (it as { labels: { textContent: string }[] }).labels[0]?.textContent ?? "");
const slider = ({ page }: ChatPage) => page.getByRole("slider", { name: "Context window" });
const expectChoices = async (chat: ChatPage, memory: string, provider: string) => {
  await expect.poll(() => chosen(chat, "Memory")).toContain(memory);
  await expect.poll(() => chosen(chat, "Provider")).toContain(provider);
};

/** Opens an address in a browser that has seen nothing yet. */
async function elsewhere(address: string): Promise<ChatPage> {
  const page = await stack.open();
  // Until then `goto` would take the page's own first address for its end, and the reload would cancel it.
  await page.waitForURL(/#\/s\//);
  await page.goto(address);
  await page.reload();
  return new ChatPage(page);
}

test("a session is answered in the same way wherever it is opened", async () => {
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateful");
  await chat.provider(/^Local/);
  await slider(chat).focus();
  await chat.page.keyboard.press("Home");
  await chat.say("Hi");
  const other = await elsewhere(chat.page.url());
  await expectChoices(other, "Stateful", "Local");
  await expect.poll(() => slider(other).getAttribute("aria-valuetext")).toBe("64 tokens");

  const stored = other.page.waitForResponse((it) => it.request().method() === "PATCH");
  await other.memory("Stateless");
  await stored;
  await expectChoices(await elsewhere(chat.page.url()), "Stateless", "Local");
});

test("the switches move on the first click, before the session is loaded", async () => {
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateless");
  await chat.provider(/^Mirror/);
  await chat.say("Hi");
  const answer = await holdRequests(chat.page, "**/items*");
  await chat.page.reload();
  await chat.memory("Stateful");
  await chat.provider(/^Local/);
  answer();
  await expect(chat.answers.first()).toBeVisible();
  await expectChoices(chat, "Stateful", "Local");
});

test("opening another session changes the switches, and nothing else does", async () => {
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateful");
  await chat.provider(/^Mirror/);
  await chat.say("First of two");
  await chat.page.getByRole("button", { name: "New session" }).click();
  await chat.memory("Stateless");
  await chat.provider(/^Cloud/);
  await chat.say("Second of two");
  const link = (name: string) => chat.page.getByRole("navigation", { name: "Sessions" }).getByText(name);
  await link("First of two").click();
  await expectChoices(chat, "Stateful", "Mirror");
  await link("Second of two").click();
  await expectChoices(chat, "Stateless", "Cloud");
  await chat.page.getByRole("button", { name: "New session" }).click();
  await expectChoices(chat, "Stateless", "Cloud");
});

test("another tab follows, and what could not be read is asked for again", async () => {
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateless");
  await chat.provider(/^Mirror/);
  await chat.say("Hi");
  const other = new ChatPage(await chat.page.context().newPage());
  await other.page.goto(chat.page.url());
  await expectChoices(other, "Stateless", "Mirror");
  await chat.memory("Stateful");
  await expectChoices(other, "Stateful", "Mirror");

  await other.page.route("**/settings", (it) => it.abort(), { times: 1 });
  await other.page.reload();
  await expectChoices(other, "Stateful", "Mirror");
});

test("a session of the API is shown as its last turn was answered", async () => {
  const body = { message: "By curl", mode: "stateful", provider: "mirror", session_id: "by-curl" };
  await stack.send("POST", "/chat", body);
  await expectChoices(await elsewhere(`${stack.url}/#/s/by-curl`), "Stateful", "Mirror");
});

test("keeps what was chosen while Redis did not take it, and stores it later", async () => {
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateless");
  await chat.provider(/^Mirror/);
  await chat.say("Hi");
  await chat.page.route("**/settings", (it) => it.abort());
  await chat.memory("Stateful");
  await chat.page.reload();
  await expectChoices(chat, "Stateful", "Mirror");
  await chat.page.unroute("**/settings");
  await chat.page.reload();
  const id = /#\/s\/([^/?]+)/.exec(chat.page.url())?.[1];
  const stored = async () => (await fetch(`${stack.api}/sessions/${id}/settings`)).json();
  await expect.poll(stored).toMatchObject({ mode: "stateful" });
  await expectChoices(await elsewhere(chat.page.url()), "Stateful", "Mirror");
});

test("a session has its own system prompt, temperature and seed, also after it was cleared and put back", async () => {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  const { page } = chat;
  await chat.memory("Stateful");
  await chat.provider(/^Local/);
  const open = () => page.getByText("System prompt, temperature, seed").click();
  await open();
  await page.getByRole("textbox", { name: "System prompt" }).fill("Answer in rhymes.");
  await page.getByRole("spinbutton", { name: "Temperature" }).fill("0");
  await page.getByRole("spinbutton", { name: "Seed" }).fill("7");
  await chat.say("Rhyme, please");
  expect(stack.ollama.lastTurn.body).toMatchObject({
    temperature: 0,
    seed: 7,
    messages: [{ role: "system", content: "Answer in rhymes." }, { role: "user" }],
  });
  // The cloud takes no seed: it is left out, and kept for later.
  await chat.provider(/^Cloud/);
  await expect(page.getByText(/Cloud \(ChatGPT\) does not take: seed/)).toBeVisible();
  await chat.say("And you?");
  expect(stack.openai.lastTurn.body).toMatchObject({ instructions: "Answer in rhymes." });

  await page.getByRole("button", { name: "Clear session" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(chat.answers.nth(1)).toBeVisible();
  const other = await elsewhere(page.url());
  await other.page.getByText("System prompt, temperature, seed").click();
  await expect.poll(() => other.page.getByRole("spinbutton", { name: "Seed" }).inputValue()).toBe("7");
  await expect
    .poll(() => other.page.getByRole("textbox", { name: "System prompt" }).inputValue())
    .toBe("Answer in rhymes.");
});

test("a number that no provider takes is not sent", async () => {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.provider(/^Mirror/);
  await chat.page.getByText("System prompt, temperature, seed").click();
  const temperature = chat.page.getByRole("spinbutton", { name: "Temperature" });
  await temperature.fill("3");
  await expect.poll(() => temperature.getAttribute("aria-invalid")).toBe("true");
  await chat.say("Too hot");
  await expect.poll(() => temperature.inputValue()).toBe("");
});
