import { afterAll, beforeAll, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  const talk = Array.from({ length: 12 }, (_, n) => [
    { role: "user", content: `Tell me about the weather in the town number ${n}, at noon.` },
    { role: "assistant", content: "It rains there, as on most days of the year, and it will go on." },
  ]);
  const call = { id: "call_1", name: "weather", arguments: '{"city":"Rome"}' };
  const messages = [
    { role: "user", content: "My cat is called Miso." },
    { role: "assistant", content: "A fine name." },
    ...talk.flat(),
    { role: "user", content: "And in Rome?" },
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "call_1", content: '{"sky":"clear"}' },
    { role: "assistant", content: "Clear sky. $x^2$" },
  ];
  const settings = { mode: "stateful", provider: "mirror", context_tokens: 512 };
  await stack.send("POST", "/sessions/all-kinds/messages", { messages });
  await stack.send("PATCH", "/sessions/all-kinds/settings", settings);
});
afterAll(() => stack?.stop());

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function openAllKinds(options: Parameters<Stack["open"]>[0]): Promise<ChatPage> {
  const chat = new ChatPage(await stack.open(options));
  await chat.page.waitForURL(/#\/s\//);
  await chat.page.goto(`${stack.url}/#/s/all-kinds`);
  await expect(chat.answers.last()).toBeVisible();
  return chat;
}

test.each([
  ["light", 1440],
  ["dark", 1440],
  ["light", 390],
  ["dark", 390],
] as const)("breaks no rule of axe in any state, %s, %i px wide", async (colorScheme, width) => {
  const chat = await openAllKinds({ colorScheme, viewport: { width, height: 900 } });
  const { page } = chat;
  await page.getByRole("button", { name: /^Add images/ }).waitFor();
  await chat.attach(
    { name: "dot.png", mimeType: "image/png", buffer: Buffer.from(PNG, "base64") },
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Zoe lives in Oslo.") },
    { name: "x.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 255]) },
  );
  await page.getByRole("textbox", { name: "Message" }).fill("What is my cat called?");
  await expect(page.getByText("x.bin: it is neither an image nor text.")).toBeVisible();
  await expect(page.locator(".composer").getByText(/recalled$/)).toBeVisible();
  expect(await chat.violations(), "a draft with files").toEqual([]);

  if (width < 900) await page.keyboard.press("Alt+KeyX");
  await page.getByText("System prompt, temperature, seed").click();
  await expect(page.getByRole("region", { name: "Recalled" })).toBeVisible();
  expect(await chat.violations(), "the X-ray with its settings").toEqual([]);
  if (width < 900) await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /^Find/ }).fill("miso");
  await expect(page.getByRole("option", { name: /called Miso/ })).toBeVisible();
  expect(await chat.violations(), "the search").toEqual([]);
  await page.keyboard.press("Escape");
});

test.each([
  ["light", 1440],
  ["dark", 390],
] as const)("breaks no rule of axe in any dialog or panel, %s, %i px wide", async (colorScheme, width) => {
  const chat = await openAllKinds({ colorScheme, viewport: { width, height: 900 } });
  const { page } = chat;
  const command = async (name: string) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /^Find/ }).fill(name);
    await page.keyboard.press("Enter");
  };

  await command("Notes");
  const notes = page.getByRole("dialog", { name: "Notes" });
  await notes.getByRole("textbox", { name: "New note" }).fill("I live in Turin.");
  await notes.getByRole("button", { name: "Keep", exact: true }).click();
  await notes.getByRole("button", { name: "Edit" }).first().click();
  expect(await chat.violations(), "the notes").toEqual([]);
  await page.keyboard.press("Escape");

  await command("Settings");
  await expect(page.getByRole("dialog", { name: "Settings" }).getByLabel("Language")).toBeVisible();
  expect(await chat.violations(), "the settings").toEqual([]);
  await page.keyboard.press("Escape");

  await command("Keyboard shortcuts");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  expect(await chat.violations(), "the shortcuts").toEqual([]);
  await page.keyboard.press("Escape");

  if (width < 900) {
    await page.getByRole("button", { name: "Sessions" }).click();
    await expect(page.getByRole("navigation", { name: "Sessions" })).toBeVisible();
  }
  await page
    .getByRole("button", { name: /^Actions/ })
    .first()
    .click();
  await expect(page.getByRole("button", { name: "Rename" })).toBeVisible();
  expect(await chat.violations(), "the sessions with a menu").toEqual([]);
  await page.getByRole("button", { name: "Rename" }).click();
  expect(await chat.violations(), "a title that is edited").toEqual([]);
  await page.keyboard.press("Escape");
  if (width < 900) await page.keyboard.press("Escape");

  const question = page.getByRole("article", { name: "You" }).last();
  await question.hover();
  await question.getByRole("button", { name: /^Edit/ }).click();
  expect(await chat.violations(), "a message that is edited").toEqual([]);
  await page.keyboard.press("Escape");

  await command("Guided tour");
  await expect(page.getByRole("region", { name: "Guided tour" })).toBeVisible();
  expect(await chat.violations(), "the tour").toEqual([]);

  await command("Side by side");
  await expect(page.getByRole("button", { name: /^Close/ }).first()).toBeVisible();
  expect(await chat.violations(), "side by side").toEqual([]);
});

test("shows in high contrast what is chosen, and sends by keyboard alone", async () => {
  const chat = await openAllKinds({ forcedColors: "active", viewport: { width: 1440, height: 900 } });
  const { page } = chat;
  const colours = (name: RegExp) =>
    page
      .locator("label.segment")
      .filter({ hasText: name })
      .evaluate((it: unknown) => {
        const view = globalThis as unknown as { getComputedStyle(of: unknown): Record<string, string> };
        return view.getComputedStyle(it).backgroundColor;
      });
  await expect.poll(() => colours(/^On/)).not.toBe(await colours(/^Off/));
  await expect.poll(() => colours(/^Mirror/)).not.toBe(await colours(/^Cloud/));
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: /^Find/ })).toBeVisible();
  await page.keyboard.type("New session");
  await page.keyboard.press("Enter");
  await expect(page.getByText("A model knows what it is sent")).toBeVisible();
  await page.getByRole("radio", { name: "Stateless" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  expect(
    await page.getByRole("checkbox", { name: "Recall" }).evaluate((it: unknown) => {
      const view = globalThis as unknown as { document: { activeElement: unknown } };
      return view.document.activeElement === it;
    }),
  ).toBe(true);
  await page.keyboard.press("Alt+KeyI");
  await page.keyboard.type("Sent by keyboard");
  await page.keyboard.press("Enter");
  await expect(chat.answers.first()).toBeVisible();
});

test("leaves most of the window to the conversation at 400 %", async () => {
  const { page } = await openAllKinds({ viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 });
  const log = page.getByRole("log", { name: "Conversation" });
  /** The part of the window in which the conversation is seen. */
  const visible = async () => {
    const { y = 0, height = 0 } = (await log.boundingBox()) ?? {};
    return (Math.min(y + height, 256) - Math.max(y, 0)) / 256;
  };
  await log.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await expect.poll(visible).toBeGreaterThan(0.7);
  // All else can be reached, and nothing is wider than the window.
  await page.getByRole("textbox", { name: "Message" }).fill("Hello");
  await page.getByRole("button", { name: "Send" }).click({ trial: true });
  await page.getByRole("radio", { name: /^On/ }).scrollIntoViewIfNeeded();
  expect(await page.locator("html").evaluate(({ scrollWidth }) => scrollWidth)).toBe(320);
});
