import type { MessagesResponse, SessionExport } from "@redis-memory-magic/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { holdRequests } from "./hold-requests.ts";
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

describe("memory on the page", () => {
  test("interrupts the line when memory is off and restores it", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await expect.poll(() => marks(chat)).toEqual(["sent", "sent"]);
    await chat.memory("Stateless");
    await expect(chat.page.getByText("Stored in Redis, not sent: memory is off")).toBeVisible();
    await expect.poll(() => marks(chat)).toEqual(["kept", "kept"]);
    await expect(chat.page.getByText("Sends only this message")).toBeVisible();
    await chat.memory("Stateful");
    await expect(chat.page.getByText("Sends these 3 messages")).toBeVisible();
    await expect.poll(() => marks(chat)).toEqual(["sent", "sent"]);
  });

  test("follows the first click before the server's defaults are known", async () => {
    const chat = new ChatPage(await stack.open());
    const answer = await holdRequests(chat.page, "**/api/providers");
    await chat.page.reload();
    for (const mode of ["Stateless", "Stateful"] as const) await chat.memory(mode);
    await expect(chat.badge.getByText("Remembering")).toBeVisible();
    answer();
    await chat.provider(/^Mirror/);
    await expect(chat.badge.getByText("Remembering")).toBeVisible();
  });

  test("shows what an answer was sent on hover", async () => {
    const chat = await open(/^Mirror/, "Stateless");
    await chat.say("one");
    await chat.memory("Stateful");
    await chat.say("two");
    await chat.answers.first().hover();
    await expect.poll(() => marks(chat)).toEqual(["sent", "answer", "kept", "kept"]);
  });

  test("shows the payload that the provider was sent", async () => {
    const chat = await open(/^Local/);
    await chat.say("My name is Bob");
    await chat.say("What's my name?");
    await chat.page.getByRole("button", { name: "X-ray: 3 messages sent" }).click();
    const xray = chat.page.getByRole("complementary", { name: "X-ray" });
    await expect(xray.getByText("X-ray: what the model was sent")).toBeVisible();
    const shown = () =>
      xray.locator(".block").evaluateAll((blocks) =>
        blocks.map((block) => ({
          role: block.getAttribute("data-role"),
          content: block.querySelector(".block-content")?.textContent,
        })),
      );
    const sent = stack.ollama.lastTurn.body as { messages: unknown[] };
    await expect.poll(shown).toEqual(sent.messages);
    await xray.getByText("Raw request").click();
    expect(JSON.parse((await xray.locator(".raw pre").textContent()) ?? "")).toEqual(sent);
  });

  test("forgets the oldest messages in a small window", async () => {
    const chat = await open();
    await chat.say("My name is Dora");
    await chat.say(`Something long. ${"Redis keeps lists. ".repeat(20)}`);
    const slider = chat.page.getByRole("slider", { name: "Context window" });
    await slider.focus();
    await chat.page.keyboard.press("Home");
    for (let step = 0; step < 4; step++) await chat.page.keyboard.press("ArrowRight");
    await expect.poll(() => slider.getAttribute("aria-valuetext")).toBe("128 tokens");
    await expect(
      chat.page.getByText(/\d messages did not fit into 128 tokens, of which 32 are kept for the answer/),
    ).toBeVisible();
    await expect.poll(async () => (await marks(chat))[0]).toBe("kept");
    expect(await chat.say("What's my name?")).not.toContain("Dora");
  });

  test("keeps both branches of an edited message", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await chat.say("What's my name?");
    const original = chat.page.url();
    await chat.page.getByRole("article", { name: "You" }).first().hover();
    await chat.page.getByRole("button", { name: "Edit message" }).first().click();
    await chat.page.getByRole("textbox", { name: "Edited message" }).fill("My name is Eve");
    await chat.page.getByRole("button", { name: "Send as a new version" }).click();
    const branches = chat.page.getByRole("navigation", { name: "Versions" });
    await expect(branches).toBeVisible();
    expect(chat.page.url()).not.toBe(original);
    await expect.poll(() => chat.page.getByRole("article", { name: "You" }).count()).toBe(1);
    // Also where the sessions used since fill more than a page of the list.
    for (let n = 0; n < 60; n++) {
      await stack.send("POST", `/sessions/later_${n}/messages`, {
        messages: [{ role: "user", content: `Later ${n}` }],
      });
    }
    await chat.page.reload();
    await chat.page.getByRole("link", { name: "Previous version" }).click();
    await expect.poll(() => chat.page.url()).toBe(original);
    await expect.poll(() => chat.page.getByRole("article", { name: "You" }).count()).toBe(2);
  });

  test("round-trips a session through export and import", async () => {
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
    await expect(chat.answers.first()).toBeVisible();
    const second = await fetchExport(sessionOf(chat));
    expect(second.turns).toEqual(first.turns);
    const contents = ({ messages }: SessionExport) =>
      messages.map((message) => [message?.role, message?.content, message?.created_at]);
    expect(contents(second)).toEqual(contents(first));
  });

  test("clears a session in Redis and can undo it", async () => {
    const chat = await open();
    await chat.say("My name is Bob");
    await chat.page.getByRole("button", { name: "Clear session" }).click();
    await expect(chat.page.getByText("A model knows what it is sent")).toBeVisible();
    const stored = () => get<MessagesResponse>(`/sessions/${sessionOf(chat)}/messages`);
    await expect.poll(async () => (await stored()).messages).toEqual([]);
    await chat.page.getByRole("button", { name: "Undo" }).click();
    await expect(chat.answers.first()).toBeVisible();
    await expect.poll(async () => (await stored()).messages).toHaveLength(2);
  });

  test("shows the totals of the whole session, also if only its end is loaded", async () => {
    const chat = await open();
    await chat.say("one");
    await chat.say("two");
    const messages = Array.from({ length: 150 }, (_, n) => ({ role: "user", content: `Imported ${n}` }));
    await stack.send("POST", `/sessions/${sessionOf(chat)}/messages`, { messages });
    await chat.page.reload();
    const xray = chat.page.getByRole("complementary", { name: "X-ray" });
    await expect(xray.getByText("Session: 2 turns")).toBeVisible();
    await chat.memory("Stateless");
    await chat.say("three");
    await expect(xray.getByText("Session: 3 turns")).toBeVisible();
  });

  test("promises no number of messages before the server has counted them, and blames no Redis", async () => {
    const chat = await open();
    await chat.say("one");
    const answer = await holdRequests(chat.page, /\/(context-preview|storage)$/);
    await chat.page.reload();
    await expect(chat.page.getByText("Sends this message with what fits of the history")).toBeVisible();
    await expect(chat.page.getByText("Not known yet.", { exact: true })).toBeVisible();
    await chat.memory("Stateless");
    await expect(chat.page.getByText("Sends only this message")).toBeVisible();
    await chat.memory("Stateful");
    await expect(chat.page.getByText("Sends this message with what fits of the history")).toBeVisible();
    answer();
    await expect(chat.page.getByText("Sends these 3 messages")).toBeVisible();
  });

  test("sends one prompt to every lane and adds up the cost", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Side by side" }).click();
    const answers = chat.page.getByRole("article", { name: "Assistant" });
    await expect(chat.page.getByRole("button", { name: /^Try: “My name is Ada/ })).toBeVisible();
    for (const [n, text] of ["My name is Bob", "What's my name?"].entries()) {
      await chat.page.getByRole("textbox", { name: "Message" }).fill(text);
      await chat.page.keyboard.press("Enter");
      await expect.poll(() => answers.count()).toBe(2 * (n + 1));
      await expect(chat.page.getByRole("button", { name: "Send" })).toBeVisible();
    }
    const said = async (lane: RegExp) =>
      chat.page
        .getByRole("region", { name: lane })
        .getByRole("article", { name: "Assistant" })
        .last()
        .innerText();
    await expect.poll(() => said(/^Memory off/)).not.toContain("Bob");
    await expect.poll(() => said(/^Memory on/)).toContain("Bob");
    const tokens = async () =>
      (
        await chat.page
          .getByRole("region", { name: "Tokens sent, added up" })
          .locator("tbody td:nth-child(2)")
          .allInnerTexts()
      ).map(Number);
    const chart = chat.page.locator(".compare-chart > svg");
    await expect(chart.getByText("2 turns")).toBeVisible();
    await expect.poll(async () => (await tokens()).every((count) => count > 0)).toBe(true);
    const [stateless = 0, stateful = 0] = await tokens();
    expect(stateful).toBeGreaterThan(stateless);
    // The last values stand at the ends of the lines, and the sessions in the sidebar at once.
    await expect(chart.getByText(stateful.toLocaleString("en-US"), { exact: true }).last()).toBeVisible();
    await expect(chat.page.getByRole("combobox", { name: "Priced as" })).toBeVisible();
    // Other tests have sessions of the same name.
    const group = chat.page
      .getByRole("navigation", { name: "Sessions" })
      .locator("li.session-group", { hasText: "2 sessions" });
    await group.getByText("2 sessions", { exact: true }).click();
    const links = group.getByRole("link", { name: /^My name is Bob.*4 messages/ });
    await expect.poll(() => links.count()).toBe(2);
    await group.getByRole("button", { name: "Delete these 2 sessions" }).click();
    await expect.poll(() => links.count()).toBe(0);
  });

  test("shows the prompt that the mirror reads, and the request that asks it", async () => {
    const chat = await open();
    const { page } = chat;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await chat.say("My name is Bob");
    await page.getByRole("button", { name: /^X-ray: / }).click();
    const xray = page.getByRole("complementary", { name: "X-ray" });
    await xray.getByText("The prompt", { exact: true }).click();
    await expect(xray.getByText(/system:\n[\s\S]*\n\nuser:\nMy name is Bob$/)).toBeVisible();
    await xray.getByRole("button", { name: "Copy as curl" }).click();
    await xray.getByRole("button", { name: "Copied" }).waitFor();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    const [, url = "", body = ""] = /^curl -X POST '([^']+)'[\s\S]* -d '([\s\S]*)'$/.exec(command) ?? [];
    const headers = { "content-type": "application/json" };
    const answered = await fetch(url, { method: "POST", headers, body });
    expect(await answered.json()).toMatchObject({ mode: "stateful", message_count: 4 });
  });

  test("walks through the tour with the available providers", async () => {
    const chat = await open();
    await chat.page.getByRole("button", { name: "Guided tour" }).click();
    const tour = chat.page.getByRole("region", { name: "Guided tour" });
    for (let step = 1; step <= 11; step++) {
      await expect(tour.getByText(`${step} of 11`)).toBeVisible();
      await tour.getByRole("button", { name: /^Send / }).click();
      const next = tour.getByRole("button", { name: /^(Next|End of the tour)$/ });
      await next.waitFor();
      if (step === 10) {
        await expect(chat.page.getByText(/did not fit into 448 tokens/)).toBeVisible();
        await expect.poll(() => chat.answers.last().innerText()).not.toContain("Carol");
      }
      if (step === 11)
        await expect
          .poll(() => chat.answers.last().innerText())
          .toContain('reminded that you said: "My name is Carol"');
      await next.click();
    }
    await expect(tour.getByText(/^A model knows what it is sent/)).toBeVisible();
    await tour.getByRole("button", { name: "Delete the tour's sessions" }).click();
    await expect(tour).toBeHidden();
    await expect(chat.page.getByRole("link", { name: /My name is Carol/ })).toBeHidden();
    await expect(chat.page.getByRole("heading", { name: "New session" })).toBeVisible();
  });
});
