import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../packages/server/test/oidc-provider.ts";
import { ChatPage } from "./chat-page.ts";
import { logInAs } from "./log-in.ts";
import { startStack } from "./stack.ts";

async function start(env: Parameters<typeof startStack>[0]) {
  const stack = await startStack(env);
  onTestFinished(() => stack.stop());
  return stack;
}

const startWithLogin = () =>
  start(async (url) => ({
    AUTH: "jwt",
    OIDC_ISSUER: (await startOidcProvider(`${url}/api/auth/callback`)).url,
    OIDC_CLIENT_ID: "page",
    OIDC_CLIENT_SECRET: "secret-of-the-page",
  }));

const COMMANDS = fileURLToPath(new URL("../packages/server/src/commands/run.ts", import.meta.url));

/** Runs `npm run keys` on the server's Redis. */
async function keys(redisUrl: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, REDIS_URL: redisUrl, AUTH: "keys" };
  const { stdout } = await promisify(execFile)(process.execPath, [COMMANDS, "keys", ...args], { env });
  return stdout.trim();
}

const say = async (page: Page, message: string) => {
  const chat = new ChatPage(page);
  await chat.provider(/^Mirror/);
  return chat.say(message);
};

test("AUTH=jwt: logs in, returns to the session, and logs out", async () => {
  const stack = await startWithLogin();
  const page = await stack.open();
  const logIn = page.getByRole("link", { name: "Log in" });
  await expect(logIn).toBeVisible();
  expect(await new ChatPage(page).violations()).toEqual([]);
  const { hash } = new URL(page.url());

  await logInAs(page, "alice");
  expect(new URL(page.url()).hash).toBe(hash);
  await say(page, "Said by alice");

  await page.getByRole("button", { name: "Log out" }).click();
  // The provider asks whether it is to forget her too.
  await page.getByRole("button", { name: /yes/i }).click();
  await expect(logIn).toBeVisible();
  expect(await page.getByText("Said by alice").count()).toBe(0);
});

test("AUTH=jwt: asks for a new login when one ends, and keeps the draft", async () => {
  const stack = await startWithLogin();
  const page = await stack.open();
  await logInAs(page, "alice");
  await say(page, "Hello");
  await page.getByRole("textbox", { name: "Message" }).fill("not sent yet");
  await page.context().clearCookies();
  // The page notices with whatever it asks for next.
  await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
  await page.goto(`${stack.url}/?login=failed`);
  await expect(page.getByText("The login was not completed. Log in again.")).toBeVisible();
  await logInAs(page, "alice");
  await expect(page.getByRole("article", { name: "Assistant" })).toBeVisible();
  await expect.poll(() => page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("not sent yet");
});

test("AUTH=keys: explains keys, accepts one for this tab, and forgets it", async () => {
  const stack = await start({ AUTH: "keys" });
  const key = /rmm_\S+/.exec(await keys(stack.redisUrl, "create", "alice"))?.[0] ?? "";
  const page = await stack.open();
  await expect(page.getByText("Authorization: Bearer rmm_…")).toBeVisible();
  expect(await new ChatPage(page).violations()).toEqual([]);
  const field = page.getByLabel("Use an API key in this tab");
  await field.fill("rmm_made_up");
  await page.getByRole("button", { name: "Use" }).click();
  await expect(page.getByText("The server does not know this API key")).toBeVisible();

  await field.fill(key);
  await page.getByRole("button", { name: "Use" }).click();
  await expect(page.getByText("alice", { exact: true })).toBeVisible();
  await say(page, "Said with a key");
  await page.reload();
  await expect(page.getByRole("article", { name: "Assistant" })).toBeVisible();
  // Another tab, and what the browser keeps for longer than this one, know nothing of it.
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("rmm_");
  const other = await page.context().newPage();
  await other.goto(stack.url);
  await expect(other.getByText("Authorization: Bearer rmm_…")).toBeVisible();

  await page.getByRole("button", { name: "Forget the key" }).click();
  await expect(field).toBeVisible();
  expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("rmm_");
});

test("AUTH=guest: needs no login and separates guests", async () => {
  const stack = await start({ AUTH: "guest" });
  const page = await stack.open();
  await say(page, "Said by a guest");
  await page.reload();
  await expect(page.getByRole("navigation", { name: "Sessions" }).getByText("Said by a guest")).toBeVisible();
  const other = await stack.open();
  await expect(other.getByText("Your conversations appear here until they expire.")).toBeVisible();
});

test("says when to retry after a limit, and then allows it", async () => {
  const stack = await start({ AUTH: "guest", LIMIT_STREAMS: "1" });
  const first = await stack.open();
  await new ChatPage(first).provider(/^Cloud/);
  const send = async (page: Page, message: string) => {
    await page.getByRole("textbox", { name: "Message" }).fill(message);
    await page.getByRole("button", { name: "Send" }).click();
  };
  await send(first, `fake ${JSON.stringify({ words: 2_000, delayMs: 30 })}`);
  await expect(first.getByText("word 5")).toBeVisible();
  const second = await first.context().newPage();
  await second.goto(`${stack.url}/#/s/another`);
  await new ChatPage(second).provider(/^Mirror/);
  await send(second, "One too many");
  await expect(second.getByText(/Not sent yet\. No more than 1 answers? can run at once/)).toBeVisible();
  await expect
    .poll(() => second.getByRole("button", { name: /^Try again in 0:0\d$/ }).isDisabled())
    .toBe(true);
  await first.getByRole("button", { name: "Stop" }).click();
  await expect(first.getByText("Stopped. The answer so far is kept.")).toBeVisible();
  await second.getByRole("button", { name: "Try again", exact: true }).click();
  await expect(second.getByRole("article", { name: "Assistant" })).toBeVisible();
});
