import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startOidcProvider, TestBrowser } from "../../../test/oidc-provider.ts";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";
import { within } from "../../../test/within.ts";

const ASK = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s" };

/** The page's address, as nginx or the page's port has it: the API stands under /api there. */
async function start(mirrorDelayMs = 0) {
  const front = createServer();
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const page = `http://localhost:${(front.address() as AddressInfo).port}`;
  const provider = await startOidcProvider(`${page}/api/auth/callback`);
  const folder = mkdtempSync(join(tmpdir(), "login-"));
  const limits = join(folder, "limits.json");
  writeFileSync(limits, '{"groups": {"staff": {"streams": 50}}}');
  const server = await startTestServer({
    mirrorDelayMs,
    env: {
      AUTH: "keys,jwt",
      PUBLIC_URL: page,
      OIDC_ISSUER: provider.url,
      OIDC_CLIENT_ID: "page",
      OIDC_CLIENT_SECRET: "secret-of-the-page",
      LIMITS_FILE: limits,
    },
  });
  front.on("request", (request, response) => {
    request.url = request.url?.replace(/^\/api/, "") ?? "";
    server.api.routing(request, response);
  });
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
    front.closeAllConnections();
    front.close();
  });
  const api = `${page}/api`;
  const logIn = async (browser: TestBrowser, name: string, returnTo = "/") => {
    const from = `${api}/auth/login?return_to=${encodeURIComponent(returnTo)}`;
    const callback = await browser.logIn(from, name, `${api}/auth/callback`);
    return browser.go(callback);
  };
  const me = async (browser: TestBrowser) =>
    (await browser.go(`${api}/auth/me`)).json() as Promise<Record<string, unknown>>;
  const chat = (browser: TestBrowser, headers: Record<string, string> = {}) =>
    browser.go(`${api}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(ASK),
    });
  return { server, page, api, logIn, me, chat };
}

test("a user logs in at the provider, has their own sessions, and logs out", async () => {
  const { server, page, api, logIn, me, chat } = await start();
  const browser = new TestBrowser();
  expect(await me(browser)).toMatchObject({ authenticated: false, login_url: "/api/auth/login" });
  expect((await chat(browser)).status).toBe(401);

  const back = await logIn(browser, "alice", "/?session=s#here");
  expect(back.headers.get("location")).toBe(`${page}/?session=s#here`);
  const [cookie = ""] = back.headers.getSetCookie();
  expect(cookie).toMatch(/^rmm_login=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(await me(browser)).toMatchObject({
    authenticated: true,
    owner: "alice",
    group: "staff",
    via: "login",
  });
  expect((await chat(browser)).status).toBe(200);

  const other = new TestBrowser();
  await logIn(other, "bob");
  expect((await other.go(`${api}/sessions/s`)).status).toBe(404);

  const id = browser.cookie(api, "rmm_login") ?? "";
  const kept = await Promise.all(
    (await server.keys()).map(async (key) => `${key} ${await server.command("TYPE", key)}`),
  );
  expect(kept.join()).not.toContain(id);
  const out = await browser.go(`${api}/auth/logout`, { method: "POST" });
  expect(await out.json()).toMatchObject({
    status: "success",
    end_session_url: expect.stringContaining("session/end"),
  });
  browser.setCookie(api, "rmm_login", id);
  expect((await chat(browser)).status).toBe(401);
  for (const event of ["login_succeeded", "logged_out"])
    expect(server.lines.join()).toContain(`"event":"${event}"`);
});

test("an attacker cannot log a victim in as another user", async () => {
  const { page, api, logIn, me } = await start();
  const attacker = new TestBrowser();
  const from = `${api}/auth/login`;
  const callback = await attacker.logIn(from, "mallory", `${api}/auth/callback`);
  // The attacker's callback in a victim's browser: it began no login, or another one.
  const victim = new TestBrowser();
  const failed = `${page}/?login=failed`;
  expect((await victim.go(callback)).headers.get("location")).toBe(failed);
  await victim.go(from);
  expect((await victim.go(callback)).headers.get("location")).toBe(failed);
  expect(await me(victim)).toMatchObject({ authenticated: false });
  // Nor does a callback hold twice.
  expect((await attacker.go(callback)).headers.get("location")).toBe(`${page}/`);
  expect((await attacker.go(callback)).headers.get("location")).toBe(failed);
  // Nor one without, or with a state that was made up.
  for (const query of ["", "?state=a&code=b", "?error=access_denied&state=a", "?state=a&state=b"])
    expect((await victim.go(`${api}/auth/callback${query}`)).headers.get("location")).toBe(failed);
  // A login never uses a session id that was planted before.
  const planted = "A".repeat(43);
  victim.setCookie(api, "rmm_login", planted);
  await logIn(victim, "alice");
  expect(victim.cookie(api, "rmm_login")).not.toBe(planted);
  expect(await me(victim)).toMatchObject({ owner: "alice" });
});

test("a second login has another id, and the first holds no longer", async () => {
  const { api, logIn, me } = await start();
  const browser = new TestBrowser();
  await logIn(browser, "alice");
  const first = browser.cookie(api, "rmm_login") ?? "";
  await logIn(browser, "alice");
  expect(browser.cookie(api, "rmm_login")).not.toBe(first);
  const copy = new TestBrowser();
  copy.setCookie(api, "rmm_login", first);
  expect(await me(copy)).toMatchObject({ authenticated: false });
});

/** Changes what Redis has of logins (`login`) or of those under way (`login_attempt`). */
async function tamper({ keys, command, name }: TestServer, record: string, changes: object) {
  const [key = ""] = (await keys()).filter((key) => key.startsWith(`${name}:${record}:`));
  const known = JSON.parse(String(await command("GET", key)));
  await command("SET", key, JSON.stringify({ ...known, ...changes }), "KEEPTTL");
  return Number(await command("TTL", key));
}

test.each([
  ["nonce", { nonce: "another" }],
  ["verifier", { verifier: "v".repeat(43) }],
])("a code that was got with another %s is not taken", async (_, changes) => {
  const { server, page, api, me } = await start();
  const browser = new TestBrowser();
  const callback = await browser.logIn(`${api}/auth/login`, "alice", `${api}/auth/callback`);
  await tamper(server, "login_attempt", changes);
  expect((await browser.go(callback)).headers.get("location")).toBe(`${page}/?login=failed`);
  expect(await me(browser)).toMatchObject({ authenticated: false });
});

test("a login lives two hours without use, and twelve in all", async () => {
  const { server, logIn, me } = await start();
  const browser = new TestBrowser();
  await logIn(browser, "alice");
  expect(await me(browser)).toMatchObject({ authenticated: true });
  const idle = await tamper(server, "login", { ends_at: Date.now() - 1 });
  expect(idle).toBeGreaterThan(7100);
  expect(idle).toBeLessThanOrEqual(7200);
  // What was verified just now is believed for a second.
  await expect.poll(() => me(browser)).toMatchObject({ authenticated: false });
});

test("a login leads back to the page only", async () => {
  const { page, logIn } = await start();
  for (const elsewhere of [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    `blob:${page}/x`,
    page.replace("//", "//user@"),
  ]) {
    const back = await logIn(new TestBrowser(), "alice", elsewhere);
    expect(back.headers.get("location"), elsewhere).toMatch(new RegExp(`^${page}/?$`));
  }
});

test("another site's page cannot act for a logged-in user", async () => {
  const { page, api, logIn, chat, me } = await start();
  const browser = new TestBrowser();
  await logIn(browser, "alice");
  const evil = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect((await chat(browser, evil)).status).toBe(403);
  expect((await browser.go(`${api}/auth/logout`, { method: "POST", headers: evil })).status).toBe(403);
  expect(await me(browser)).toMatchObject({ owner: "alice" });
  expect((await chat(browser, { origin: page, "sec-fetch-site": "same-origin" })).status).toBe(200);
  const cors = await browser.go(`${api}/sessions`, { headers: { origin: "https://evil.example" } });
  expect(cors.headers.get("access-control-allow-origin")).toBeNull();
});

test("a bearer token wins over a cookie", async () => {
  const { server, api, logIn } = await start();
  const browser = new TestBrowser();
  await logIn(browser, "alice");
  const { key } = await server.apiKeys.create({ owner: "bob" });
  const me = await browser.go(`${api}/auth/me`, { headers: { authorization: `Bearer ${key}` } });
  expect(await me.json()).toMatchObject({ owner: "bob" });
  const unknown = await browser.go(`${api}/sessions`, { headers: { authorization: "Bearer something" } });
  expect(unknown.status).toBe(401);
});

test("logging out ends the live streams within seconds", async () => {
  const { api, logIn, chat } = await start(400);
  const browser = new TestBrowser();
  await logIn(browser, "alice");
  const stream = await chat(browser, { accept: "text/event-stream" });
  const ended = stream.text().then(
    () => "to its end",
    () => "cut",
  );
  await browser.go(`${api}/auth/logout`, { method: "POST" });
  expect(await within(5000, ended)).toBe("cut");
});

test("an unreachable identity provider is reported on the page", async () => {
  const server = await startTestServer({
    env: { AUTH: "jwt", OIDC_ISSUER: "http://127.0.0.1:9", OIDC_CLIENT_ID: "page" },
  });
  const response = await server.inject("GET", "/auth/login");
  expect(response.statusCode).toBe(302);
  expect(response.headers.location).toBe("http://localhost:3000/?login=unavailable");
});
