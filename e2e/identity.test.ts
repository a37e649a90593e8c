import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../packages/server/test/oidc-provider.ts";
import { ChatPage } from "./chat-page.ts";
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

/** From the page to the provider's own pages and back. */
async function logInAs(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Log in" }).click();
  await page.locator("[name=login]").fill(name);
  await page.locator("[name=password]").fill("any");
  await page.getByRole("button", { name: /sign.?in/i }).click();
  await page.getByRole("button", { name: /continue/i }).click();
  await page.getByText(name, { exact: true }).waitFor();
}

const KEYS = fileURLToPath(new URL("../packages/server/src/commands/keys.ts", import.meta.url));

/** Runs `npm run keys` on the server's Redis. */
async function keys(redisUrl: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, REDIS_URL: redisUrl, AUTH: "keys" };
  const { stdout } = await promisify(execFile)(process.execPath, [KEYS, ...args], { env });
  return stdout.trim();
}

const say = async (page: Page, message: string) => {
  const chat = new ChatPage(page);
  await chat.provider(/^Mirror/);
  return chat.say(message);
};
const violations = async (page: Page) => (await new AxeBuilder({ page }).analyze()).violations;

test("AUTH=jwt: one logs in at the provider, comes back to the session, and logs out", async () => {
  const stack = await startWithLogin();
  const page = await stack.open();
  const logIn = page.getByRole("link", { name: "Log in" });
  await logIn.waitFor();
  expect(await violations(page)).toEqual([]);
  const { hash } = new URL(page.url());

  await logInAs(page, "alice");
  expect(new URL(page.url()).hash).toBe(hash);
  await say(page, "Said by alice");

  await page.getByRole("button", { name: "Log out" }).click();
  // The provider asks whether it is to forget her too.
  await page.getByRole("button", { name: /yes/i }).click();
  await logIn.waitFor();
  expect(await page.getByText("Said by alice").count()).toBe(0);
});

test("AUTH=jwt: a login that ends in the middle of it asks for another, and nothing written is lost", async () => {
  const stack = await startWithLogin();
  const page = await stack.open();
  await logInAs(page, "alice");
  await say(page, "Hello");
  await page.getByRole("textbox", { name: "Message" }).fill("not sent yet");
  await page.context().clearCookies();
  // The page notices with whatever it asks for next.
  await page.getByRole("link", { name: "Log in" }).waitFor();
  await page.goto(`${stack.url}/?login=failed`);
  await page.getByText("The login was not completed. Log in again.").waitFor();
  await logInAs(page, "alice");
  await page.getByRole("article", { name: "Assistant" }).waitFor();
  expect(await page.getByRole("textbox", { name: "Message" }).inputValue()).toBe("not sent yet");
});

test("AUTH=keys: it says how a key is used, takes one for this tab, and forgets it", async () => {
  const stack = await start({ AUTH: "keys" });
  const key = /rmm_\S+/.exec(await keys(stack.redisUrl, "create", "alice"))?.[0] ?? "";
  const page = await stack.open();
  await page.getByText("Authorization: Bearer rmm_…").waitFor();
  expect(await violations(page)).toEqual([]);
  const field = page.getByLabel("Use an API key in this tab");
  await field.fill("rmm_made_up");
  await page.getByRole("button", { name: "Use" }).click();
  await page.getByText("The server does not know this API key").waitFor();

  await field.fill(key);
  await page.getByRole("button", { name: "Use" }).click();
  await page.getByText("alice", { exact: true }).waitFor();
  await say(page, "Said with a key");
  await page.reload();
  await page.getByRole("article", { name: "Assistant" }).waitFor();
  // Another tab, and what the browser keeps for longer than this one, know nothing of it.
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("rmm_");
  const other = await page.context().newPage();
  await other.goto(stack.url);
  await other.getByText("Authorization: Bearer rmm_…").waitFor();

  await page.getByRole("button", { name: "Forget the key" }).click();
  await field.waitFor();
  expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("rmm_");
});

test("AUTH=guest: nothing is asked, and everybody has his own", async () => {
  const stack = await start({ AUTH: "guest" });
  const page = await stack.open();
  await say(page, "Said by a guest");
  await page.reload();
  await page.getByRole("navigation", { name: "Sessions" }).getByText("Said by a guest").waitFor();
  const other = await stack.open();
  await other.getByText("Conversations are listed here while Redis keeps them.").waitFor();
});

test("a limit that is reached says when to try again, and then it can be", async () => {
  const stack = await start({ AUTH: "guest", LIMIT_STREAMS: "1" });
  const first = await stack.open();
  await new ChatPage(first).provider(/^Cloud/);
  const send = async (page: Page, message: string) => {
    await page.getByRole("textbox", { name: "Message" }).fill(message);
    await page.getByRole("button", { name: "Send" }).click();
  };
  await send(first, `fake ${JSON.stringify({ words: 2_000, delayMs: 30 })}`);
  await first.getByText("word 5").waitFor();
  const second = await first.context().newPage();
  await second.goto(`${stack.url}/#/s/another`);
  await new ChatPage(second).provider(/^Mirror/);
  await send(second, "One too many");
  await second.getByText(/Not sent yet\. No more than 1 answers? can run at once/).waitFor();
  expect(await second.getByRole("button", { name: /^Try again in 0:0\d$/ }).isDisabled()).toBe(true);
  await first.getByRole("button", { name: "Stop" }).click();
  await first.getByText("Stopped. What was said so far is kept.").waitFor();
  await second.getByRole("button", { name: "Try again", exact: true }).click();
  await second.getByRole("article", { name: "Assistant" }).waitFor();
});
