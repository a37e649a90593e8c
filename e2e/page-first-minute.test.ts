import type { ProvidersResponse } from "@redis-memory-magic/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChatPage } from "./chat-page.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

describe("the mirror", () => {
  test("is introduced once", async () => {
    const chat = new ChatPage(await stack.open());
    const { page } = chat;
    await chat.provider(/^Mirror/);
    await expect(page.getByText("Mirror is not an AI:")).toBeVisible();
    await page.getByRole("button", { name: "Got it" }).click();
    await page.reload();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    await expect(page.getByText("Mirror is not an AI:")).toBeHidden();
  });

  test.each(["when it is asked for", "at once, if it was awaited"])(
    "answers while the built-in model is downloaded, and leaves to it %s",
    async (when) => {
      const chat = new ChatPage(await stack.open());
      const { page } = chat;
      const builtIn: { available: boolean; progress?: { received_bytes: number; total_bytes: number } } = {
        available: false,
        progress: { received_bytes: 245_366_784, total_bytes: 514_850_816 },
      };
      await page.route("**/api/providers", async (route) => {
        const response = await route.fetch();
        const body = (await response.json()) as ProvidersResponse;
        const providers = body.providers.map((it) => (it.id === "embedded" ? { ...it, ...builtIn } : it));
        await route.fulfill({ response, json: { ...body, providers } });
      });
      await page.reload();
      await chat.provider(/^Mirror/);
      await expect(page.getByText("Mirror answers for now.")).toBeVisible();
      await expect(page.getByText(/234 MB of 491 MB|245 MB of 515 MB/)).toBeVisible();
      const isAwaited = when.startsWith("at once");
      if (isAwaited) await page.getByRole("checkbox", { name: "Use it when it is ready" }).check();
      builtIn.available = true;
      delete builtIn.progress;
      if (!isAwaited) await page.getByRole("button", { name: "Use it now" }).click();
      await expect.poll(() => page.getByRole("radio", { name: /^Built-in/ }).isChecked()).toBe(true);
      await expect(page.getByText("Mirror answers for now.")).toBeHidden();
    },
  );
});

describe("a scenario", () => {
  test("offers its question, and then the other answer", async () => {
    const chat = new ChatPage(await stack.open());
    const { page } = chat;
    await chat.provider(/^Mirror/);
    await page.getByRole("button", { name: /^Without memory/ }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("button", { name: "Now ask: “What's my name?”" }).click();
    await expect.poll(() => chat.answers.count()).toBe(2);
    await expect(page.getByRole("button", { name: "Stop" })).toBeHidden();
    await page.getByRole("main").getByRole("button", { name: "Same question with memory" }).last().click();
    await expect(page.getByText(/2 messages from Redis/)).toBeVisible();
  });

  test("switches memory on for its question", async () => {
    const chat = new ChatPage(await stack.open());
    const { page } = chat;
    await chat.provider(/^Mirror/);
    await page.getByRole("button", { name: /^Memory switched on later/ }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("button", { name: /^Switch memory on and ask:/ }).click();
    await expect(chat.answers.last().getByText("I was sent 3 messages")).toBeVisible();
    await expect(chat.badge.filter({ hasText: "Remembering" })).toBeVisible();
  });

  test.each([/^Mirror/, /^Cloud/])("fills a small window, and recalls what it lost: %s", async (provider) => {
    const chat = new ChatPage(await stack.open());
    const { page } = chat;
    await chat.provider(provider);
    await page.getByRole("button", { name: /^What recall brings back/ }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("button", { name: /^Next: “Now something else/ }).click();
    const question = page.getByRole("button", { name: "Now ask: “What is my cat called?”" });
    await question.waitFor();
    const cat = page.getByRole("article", { name: "You" }).filter({ hasText: "Miso" });
    await question.click();
    await page
      .getByRole("button", { name: /^Same question without memory$/ })
      .nth(2)
      .waitFor();
    await page
      .getByRole("button", { name: /^X-ray: / })
      .nth(2)
      .click();
    await expect.poll(() => cat.getAttribute("data-mark")).toBe("recalled");
    await expect(
      page.getByRole("region", { name: "Recalled" }).getByText("My cat is called Miso"),
    ).toBeVisible();
  });
});
