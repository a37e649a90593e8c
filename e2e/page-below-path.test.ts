import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider } from "../packages/server/test/oidc-provider.ts";
import { ChatPage } from "./chat-page.ts";
import { logInAs } from "./log-in.ts";
import { startStack } from "./stack.ts";

/** A proxy that serves the page below a path, which it removes: nginx's `location /tools/chat/`, JupyterHub. */
async function startProxy(path: string, target: string): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(`${path}/`)) return void outgoing.writeHead(404).end();
    const { method = "GET", headers } = incoming;
    const passedOn = request(
      new URL(incoming.url.slice(path.length), target),
      { method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passedOn.on("error", () => outgoing.destroy());
    incoming.pipe(passedOn);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://localhost:${(proxy.address() as AddressInfo).port}${path}`;
}

test("below a path of a proxy the page loads, logs in, streams an answer and logs out", async () => {
  let publicUrl = "";
  const stack = await startStack(async (url) => {
    publicUrl = await startProxy("/tools/chat", url);
    return {
      PUBLIC_URL: publicUrl,
      AUTH: "jwt",
      OIDC_ISSUER: (await startOidcProvider(`${publicUrl}/api/auth/callback`)).url,
      OIDC_CLIENT_ID: "page",
      OIDC_CLIENT_SECRET: "secret-of-the-page",
    };
  });
  onTestFinished(() => stack.stop());
  const page = await stack.open();
  await page.goto(`${publicUrl}/`);
  await logInAs(page, "alice");
  expect(page.url()).toContain(publicUrl);
  const chat = new ChatPage(page);
  await chat.provider(/^Mirror/);
  await chat.say("Hello below a path");
  await expect(page.getByRole("log").getByText("Hello below a path").last()).toBeVisible();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
  expect(page.url()).toContain(publicUrl);
});
