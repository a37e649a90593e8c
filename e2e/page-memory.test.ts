import type { MessagesResponse, SessionExport } from "@redis-memory-magic/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

async function open(provider = /^Mirror/, mode: "Stateless" | "Stateful" = "Stateful"): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open({ viewport: { width: 1440, height: 900 } }));
  await chat.memory(mode);
  await chat.provider(provider);
  return chat;
}
const get = async <T>(path: string) => (await (await fetch(stack.api + path)).json()) as T;
const sessionOf = (chat: ChatPage) => decodeURIComponent(new URL(chat.page.url()).hash.slice("#/s/".length));
const marks = (chat: ChatPage) =>
  chat.page.getByRole("article").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-mark")));

describe("what the page shows of memory", () => {
  test("the line lets go when memory is switched off, and takes hold again", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    expect(await marks(chat)).toEqual(["sent", "sent"]);
    await chat.memory("Stateless");
    await chat.page.getByText("Stored in Redis, not sent: memory is off").waitFor();
    expect(await marks(chat)).toEqual(["kept", "kept"]);
    await chat.page.getByText("Sends this message alone").waitFor();
    await chat.memory("Stateful");
    await chat.page.getByText("Sends these 3 messages").waitFor();
    expect(await marks(chat)).toEqual(["sent", "sent"]);
  });

  test("the toggle moves under the first click, before the server has told its defaults", async () => {
    const chat = new ChatPage(await stack.open());
    const told = Promise.withResolvers<void>();
    await chat.page.route("**/api/providers", async (route) => {
      await told.promise;
      await route.continue();
    });
    await chat.page.reload();
    for (const mode of ["Stateless", "Stateful"] as const) await chat.memory(mode);
    await chat.badge.getByText("Remembering").waitFor();
    told.resolve();
    await chat.provider(/^Mirror/);
    await chat.badge.getByText("Remembering").waitFor();
  });

  test("pointing at an answer shows what that one was sent", async () => {
    const chat = await open(/^Mirror/, "Stateless");
    await chat.say("one");
    await chat.memory("Stateful");
    await chat.say("two");
    await chat.answers.first().hover();
    await expect.poll(() => marks(chat)).toEqual(["sent", "answer", "kept", "kept"]);
  });

  test("the X-ray's payload is what the provider was sent", async () => {
    const chat = await open(/^Local/);
    await chat.say("My name is Bob");
    await chat.say("What's my name?");
    await chat.page.getByRole("button", { name: "X-ray: 3 messages sent" }).click();
    const xray = chat.page.getByRole("complementary", { name: "X-ray" });
    await xray.getByText("X-ray: what the model was sent").waitFor();
    await xray.locator(".block").last().waitFor();
    const shown = await xray.locator(".block").evaluateAll((blocks) =>
      blocks.map((block) => ({
        role: block.getAttribute("data-role"),
        content: block.querySelector(".block-content")?.textContent,
      })),
    );
    // Between turns the server asks what models there are.
    const request = stack.ollama.requests.findLast(({ url }) => url.endsWith("/chat/completions"));
    const sent = request?.body as { messages: unknown[] } | undefined;
    expect(shown).toEqual(sent?.messages);
    await xray.getByText("Raw request").click();
    expect(JSON.parse((await xray.locator(".raw pre").textContent()) ?? "")).toEqual(sent);
  });

  test("a small window forgets what was said first", async () => {
    const chat = await open();
    await chat.say("My name is Carol");
    await chat.say(`Something long. ${"Redis keeps lists. ".repeat(20)}`);
    const slider = chat.page.getByRole("slider", { name: "Context window" });
    await slider.focus();
    await chat.page.keyboard.press("Home");
    for (let step = 0; step < 30; step++) await chat.page.keyboard.press("ArrowRight");
    await chat.page.getByText(/the window of \d+ tokens is full/).waitFor();
    expect((await marks(chat))[0]).toBe("kept");
    expect(await chat.say("What's my name?")).not.toContain("Carol");
  });

  test("an edited message is a branch, and both ways stay", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await chat.say("What's my name?");
    const original = chat.page.url();
    await chat.page.getByRole("article", { name: "You" }).first().hover();
    await chat.page.getByRole("button", { name: "Edit message" }).first().click();
    await chat.page.getByRole("textbox", { name: "Edited message" }).fill("My name is Eve");
    await chat.page.getByRole("button", { name: "Send as a branch" }).click();
    const branches = chat.page.getByRole("navigation", { name: "Branches" });
    await branches.waitFor();
    expect(chat.page.url()).not.toBe(original);
    expect(await chat.page.getByRole("article", { name: "You" }).count()).toBe(1);
    // Also where the sessions used since fill more than a page of the list.
    for (let n = 0; n < 60; n++) {
      await fetch(`${stack.api}/sessions/later_${n}/messages`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ messages: [{ role: "user", content: `Later ${n}` }] }),
      });
    }
    await chat.page.reload();
    await chat.page.getByRole("link", { name: "Previous branch" }).click();
    await expect.poll(() => chat.page.url()).toBe(original);
    await expect.poll(() => chat.page.getByRole("article", { name: "You" }).count()).toBe(2);
  });

  test("exported, imported, and exported again, a session is the same", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    const fetchExport = (id: string) => get<SessionExport>(`/sessions/${id}/export`);
    const first = await fetchExport(sessionOf(chat));
    const chooser = chat.page.waitForEvent("filechooser");
    await chat.page.getByRole("button", { name: "Import" }).click();
    const before = chat.page.url();
    await (await chooser).setFiles({
      name: "session.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify(first)),
    });
    await expect.poll(() => chat.page.url()).not.toBe(before);
    await chat.answers.first().waitFor();
    const second = await fetchExport(sessionOf(chat));
    expect(second.turns).toEqual(first.turns);
    const contents = ({ messages }: SessionExport) =>
      messages.map((message) => [message?.role, message?.content, message?.created_at]);
    expect(contents(second)).toEqual(contents(first));
  });

  test("cleared, a session is gone from Redis, and can be had back for a while", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await chat.page.getByRole("button", { name: "Clear session" }).click();
    await chat.page.getByText("A model knows what it is sent").waitFor();
    const stored = () => get<MessagesResponse>(`/sessions/${sessionOf(chat)}/messages`);
    expect((await stored()).messages).toEqual([]);
    await chat.page.getByRole("button", { name: "Undo" }).click();
    await chat.answers.first().waitFor();
    expect((await stored()).messages).toHaveLength(2);
  });

  test("the totals are of the whole session, also where only its end is loaded", async () => {
    const chat = await open();
    await chat.say("one");
    await chat.say("two");
    const messages = Array.from({ length: 150 }, (_, n) => ({ role: "user", content: `Imported ${n}` }));
    await fetch(`${stack.api}/sessions/${sessionOf(chat)}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages }),
    });
    await chat.page.reload();
    const xray = chat.page.getByRole("complementary", { name: "X-ray" });
    await xray.getByText("Session: 2 turns").waitFor();
    await chat.memory("Stateless");
    await chat.say("three");
    await xray.getByText("Session: 3 turns").waitFor();
  });

  test("a session that expires says so", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await fetch(`${stack.api}/sessions/${sessionOf(chat)}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ttl_seconds: 4 }),
    });
    await chat.page.reload();
    await chat.page.getByText(/Redis has let its messages go/).waitFor();
    expect(await chat.answers.count()).toBe(0);
  });

  test("side by side, one prompt goes to every lane, and memory begins to cost", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    const answers = chat.page.getByRole("article", { name: "Assistant" });
    for (const [n, text] of ["My name is Bob", "What's my name?"].entries()) {
      await chat.page.getByRole("textbox", { name: "Message" }).fill(text);
      await chat.page.keyboard.press("Enter");
      await expect.poll(() => answers.count()).toBe(2 * (n + 1));
      await chat.page.getByRole("button", { name: "Send" }).waitFor();
    }
    const said = async (lane: RegExp) =>
      chat.page
        .getByRole("region", { name: lane })
        .getByRole("article", { name: "Assistant" })
        .last()
        .innerText();
    expect(await said(/^Stateless/)).not.toContain("Bob");
    expect(await said(/^Stateful/)).toContain("Bob");
    const tokens = async () =>
      (
        await chat.page
          .getByRole("region", { name: "Tokens sent" })
          .locator("tbody td:nth-child(2)")
          .allInnerTexts()
      ).map(Number);
    await expect.poll(async () => (await tokens()).every((count) => count > 0)).toBe(true);
    const [stateless = 0, stateful = 0] = await tokens();
    expect(stateful).toBeGreaterThan(stateless);
  });

  test("the guided tour leads through all of it with whoever is there", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Guided tour" }).click();
    const tour = chat.page.getByRole("region", { name: "Guided tour" });
    for (let step = 1; step <= 10; step++) {
      await tour.getByText(`${step} of 10`).waitFor();
      await tour.getByRole("button", { name: /^Send / }).click();
      await tour.getByRole("button", { name: /^(Next|End of the tour)$/ }).click();
    }
    await tour.waitFor({ state: "hidden" });
    await chat.page.getByText(/the window of 160 tokens is full/).waitFor();
  });
});
