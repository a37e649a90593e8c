import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

async function open(width = 1440): Promise<Page> {
  const page = await stack.open({ viewport: { width, height: 900 } });
  // The field takes the focus when its session is shown, also from what a test gave it to before.
  await page.locator("textarea[data-message]:focus").waitFor();
  return page;
}

describe("a part of the page that cannot be fetched", () => {
  test("says so, and is shown with its styles as soon as it can be", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Settings" }).waitFor();
    const parts = /\/assets\/settings-dialog[^/]*$/;
    await page.route(parts, (route) => route.abort());
    await page.getByRole("button", { name: "Settings" }).click();
    const failure = page.getByRole("dialog", { name: "Not loaded" });
    await expect(failure.getByText(/could not be loaded/)).toBeVisible();
    await failure.getByRole("button", { name: "Try again" }).click();
    await expect(failure.getByText(/could not be loaded/)).toBeVisible();
    await page.unroute(parts);
    await failure.getByRole("button", { name: "Try again" }).click();
    const settings = page.getByRole("dialog", { name: "Settings" });
    await expect(settings.getByLabel("Language")).toBeVisible();
    expect(
      await settings.locator(".settings").evaluate((it) => it.computedStyleMap().get("display")?.toString()),
    ).toBe("flex");
  });

  test("is asked for again when it is opened again", async () => {
    const page = await open();
    const parts = /\/assets\/shortcuts-dialog[^/]*$/;
    await page.route(parts, (route) => route.abort());
    await page.getByRole("button", { name: "Shortcuts" }).click();
    await page.getByRole("dialog", { name: "Not loaded" }).getByRole("button", { name: "Close" }).click();
    await page.unroute(parts);
    await page.getByRole("button", { name: "Shortcuts" }).click();
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });

  test("can be closed where it is a drawer, and does not keep another part away", async () => {
    const page = await open(900);
    await page.route(/\/assets\/(session-inspector|notes-dialog)[^/]*$/, (route) => route.abort());
    await page.getByRole("button", { name: "X-ray" }).click();
    await expect(page.getByText(/could not be loaded/)).toBeVisible();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await expect(page.getByText(/could not be loaded/)).toBeHidden();
    await page.getByRole("button", { name: "Shortcuts" }).click();
    await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  });

  test("leaves the conversation readable", async () => {
    const page = await open();
    const chat = new ChatPage(page);
    const parts = /\/assets\/message-list[^/]*$/;
    await page.route(parts, (route) => route.abort());
    await page.reload();
    await chat.provider(/^Mirror/);
    await page.getByRole("textbox", { name: "Message" }).fill("Hello there");
    await page.getByRole("button", { name: "Send" }).click();
    const log = page.getByRole("log", { name: "Conversation" });
    await expect(log.getByText(/could not be loaded/)).toBeVisible();
    await expect(log.getByText("Hello there", { exact: true })).toBeVisible();
    await page.unroute(parts);
    await log.getByRole("button", { name: "Try again" }).click();
    await expect(chat.answers.first()).toBeVisible();
  });
});

test("says that it has failed where a server of another version answers", async () => {
  const page = await open();
  await page.route("**/api/providers", (route) => route.fulfill({ json: {} }));
  await page.reload();
  await expect(page.getByText(/^The page has met an error/)).toBeVisible();
  await page.unroute("**/api/providers");
  await page.getByRole("button", { name: "Reload the page" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
});

describe("a dialog", () => {
  const focused = (page: Page) => page.evaluate("document.activeElement.textContent.trim()");

  test("gives the focus back, however it is closed", async () => {
    const page = await open();
    const opener = page.getByRole("button", { name: "Settings" });
    const dialog = page.getByRole("dialog", { name: "Settings" });
    for (const close of [
      () => page.keyboard.press("Escape"),
      () => dialog.getByRole("button", { name: "Close" }).click(),
      () => page.mouse.click(5, 5),
    ]) {
      await opener.focus();
      await page.keyboard.press("Enter");
      await expect(dialog.getByLabel("Language")).toBeVisible();
      await close();
      await expect(dialog).toBeHidden();
      await expect.poll(() => focused(page)).toBe("Settings");
    }
  });

  test.each([
    ["a dialog", "Settings", 1440],
    ["a drawer", "X-ray", 900],
  ])(
    "opens again where the key for it follows at once on the Escape that closes it: %s",
    async (_, name, width) => {
      const page = await open(width);
      const close = page.getByRole("dialog").getByRole("button", { name: /^Close/ });
      await page.getByRole("button", { name }).focus();
      await page.keyboard.press("Enter");
      await expect(close).toBeVisible();
      await Promise.all([page.keyboard.press("Escape"), page.keyboard.press("Enter")]);
      await expect(close).toBeVisible();
    },
  );

  test("stays open when text is selected in it and the pointer let go outside", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Notes" }).click();
    const dialog = page.getByRole("dialog", { name: "Notes" });
    const field = dialog.getByRole("textbox", { name: "New note" });
    await field.fill("I live in Turin.");
    // Until the dialog rests.
    await field.hover();
    const box = await field.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 100, (box?.y ?? 0) + 12);
    await page.mouse.down();
    await page.mouse.move(5, (box?.y ?? 0) + 12, { steps: 5 });
    await page.mouse.up();
    await page.waitForTimeout(100);
    await expect.poll(() => field.inputValue()).toBe("I live in Turin.");
  });
});

test("does not stop an answer on the Escape key that cancels a composition", async () => {
  const page = await open();
  const chat = new ChatPage(page);
  await chat.provider(/^Cloud/);
  await page
    .getByRole("textbox", { name: "Message" })
    .fill(`fake ${JSON.stringify({ words: 400, delayMs: 30 })}`);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(chat.answers.last().getByText("word 5")).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).dispatchEvent("keydown", {
    key: "Escape",
    keyCode: 229,
    isComposing: true,
    bubbles: true,
  });
  await expect(chat.answers.last().getByText("word 30")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("Stopped. The answer so far is kept.")).toBeVisible();
});

test("copies from an open dialog where the browser denies the clipboard", async () => {
  const page = await open();
  await page.addInitScript({
    content: `
      Object.defineProperty(navigator, "clipboard", { value: undefined });
      document.execCommand = () => {
        const { value, selectionStart, selectionEnd } = document.activeElement;
        globalThis.copied = String(value).slice(selectionStart, selectionEnd);
        return true;
      };
    `,
  });
  await page.setViewportSize({ width: 390, height: 800 });
  await page.reload();
  await new ChatPage(page).provider(/^Mirror/);
  await page.keyboard.press("Alt+KeyX");
  await page.getByText("The prompt", { exact: true }).click();
  await page.getByRole("button", { name: "Copy prompt" }).click();
  await expect.poll(() => page.evaluate("globalThis.copied")).toContain("user:");
});

test("prints the whole conversation, and nothing of what is around it", async () => {
  const page = await open();
  const messages = Array.from({ length: 180 }, (_, n) => ({
    role: n % 2 === 0 ? "user" : "assistant",
    content: `Printed message ${n}. ${"More words. ".repeat(20)}`,
  }));
  await stack.send("POST", "/sessions/printed/messages", { messages });
  await page.goto(`${stack.url}/#/s/printed`);
  const log = page.getByRole("log", { name: "Conversation" });
  await expect(log.getByText(/^Printed message 179/)).toBeVisible();
  const articles = log.getByRole("article");
  await expect
    .poll(async () => {
      await log.evaluate((it) => it.scrollTo(0, 0));
      return log.getByText(/^Printed message 0/).count();
    })
    .toBe(1);
  await expect.poll(() => articles.count()).toBeLessThan(180);
  await page.evaluate("document.documentElement.dataset.theme = 'dark'");
  await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  await expect.poll(() => articles.count()).toBe(180);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("textbox", { name: "Message" })).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Sessions" })).toBeHidden();
  await expect.poll(() => log.evaluate((it) => it.scrollHeight - it.clientHeight)).toBe(0);
  await expect.poll(() => log.evaluate((it) => it.getBoundingClientRect().height)).toBeGreaterThan(9_000);
  await expect
    .poll(() => log.evaluate((it) => it.computedStyleMap().get("color-scheme")?.toString()))
    .toBe("light");
});
