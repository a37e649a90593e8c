import type { MessagesResponse } from "@redis-memory-magic/protocol";
import { expect, onTestFinished, test } from "vitest";
import { RedisProcess } from "../packages/server/test/faults/redis-process.ts";
import { ChatPage } from "./chat-page.ts";
import { startStack } from "./stack.ts";

const SCRIPT = `fake ${JSON.stringify({ words: 120, delayMs: 30 })}`;
const WHOLE = Array.from({ length: 120 }, (_, n) => `word ${n + 1}`).join(" ");

/** A stack on a Redis of its own, with an answer that has begun. */
async function startAnswering() {
  const redis = await RedisProcess.start();
  onTestFinished(() => redis.stop());
  const stack = await startStack({ REDIS_URL: redis.url });
  onTestFinished(() => stack.stop());
  const chat = new ChatPage(await stack.open());
  await chat.memory("Stateful");
  await chat.provider(/^Cloud/);
  await chat.page.getByRole("textbox", { name: "Message" }).fill(SCRIPT);
  await chat.page.getByRole("button", { name: "Send" }).click();
  await expect(chat.answers.last().getByText("word 20")).toBeVisible();
  const shown = () => chat.answers.last().locator(".markdown").innerText();
  /** What the session has in Redis, by its texts. */
  const stored = async (): Promise<string[]> => {
    const id = new URL(chat.page.url()).hash.slice("#/s/".length);
    const response = await fetch(`${stack.api}/sessions/${id}/messages`);
    return ((await response.json()) as MessagesResponse).messages.map(({ content }) => content);
  };
  return { redis, stack, chat, shown, stored };
}

const interrupted = ({ page }: ChatPage) => page.locator(".alert").filter({ hasText: "Interrupted" });

/** The answer of before is there, up to a word, and it says so; another one can be had. */
async function isInterrupted({ chat, shown, stored }: Awaited<ReturnType<typeof startAnswering>>) {
  const note = interrupted(chat);
  await expect(note).toBeVisible();
  // What had reached Redis and no reader yet is shown too, once Redis can be asked.
  await expect.poll(async () => (await stored()).at(-1) === (await shown())).toBe(true);
  expect(WHOLE.startsWith(await shown())).toBe(true);
  await note.getByRole("button", { name: "Try again" }).click();
  await expect.poll(shown).toBe(WHOLE);
  await expect.poll(stored).toEqual([SCRIPT, WHOLE]);
}

test("stops streaming while Redis is frozen and recovers", async () => {
  const started = await startAnswering();
  const { redis, chat, shown } = started;
  redis.freeze();
  // What Redis has acknowledged is on its way to the page.
  let frozen = await shown();
  const isStill = async () => {
    const before = frozen;
    frozen = await shown();
    return frozen === before;
  };
  await expect.poll(isStill, { interval: 500 }).toBe(true);
  await expect(interrupted(chat)).toBeVisible();
  expect(await shown()).toBe(frozen);
  redis.thaw();
  await isInterrupted(started);
});

test("answers only without memory while Redis is away, then recovers", async () => {
  const { redis, chat, stored } = await startAnswering();
  await chat.page.getByRole("button", { name: "Stop" }).click();
  await expect(chat.page.getByText("Stopped. The answer so far is kept.")).toBeVisible();
  await chat.provider(/^Mirror/);
  await redis.kill();
  await chat.page.getByRole("textbox", { name: "Message" }).fill("With memory");
  await chat.page.getByRole("button", { name: "Send" }).click();
  await expect(
    chat.page.getByRole("log").getByText("Not sent. Redis cannot be used right now"),
  ).toBeVisible();
  await chat.memory("Stateless");
  expect(await chat.say("Without memory")).toContain("Not saved: Redis cannot be reached");
  await expect(chat.page.getByText("Redis cannot be reached.", { exact: true })).toBeVisible();
  await redis.start();
  await chat.memory("Stateful");
  // Until the page has seen that it is back, trying again may still be refused.
  await expect(chat.page.getByText("Redis cannot be reached.", { exact: true })).toBeHidden();
  // While the wait is counted down, only the stopped answer above has a button of this name.
  await chat.page
    .locator(".alert", { hasText: "Not sent" })
    .getByRole("button", { name: "Try again", exact: true })
    .click();
  await expect.poll(async () => (await stored()).slice(2)).toHaveLength(2);
  expect((await stored())[2]).toBe("With memory");
});

test("continues after the server was killed and restarted", async () => {
  const started = await startAnswering();
  const { stack, chat } = started;
  await stack.kill();
  await expect(chat.page.getByText("The connection was lost. Connecting again")).toBeVisible();
  await stack.restart();
  await isInterrupted(started);
});
