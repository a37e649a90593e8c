import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";

const ASK = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s" };
const SECRET = "a secret of the tests, thirty-two";

const startForGuests = (env: Record<string, string> = {}): Promise<TestServer> =>
  startTestServer({ env: { AUTH: "guest", SESSION_SECRET: SECRET, ...env } });

const cookieOf = (response: { headers: Record<string, unknown> }): string =>
  String(response.headers["set-cookie"] ?? "").split(";")[0] ?? "";

const meOf = async (server: TestServer, cookie: string) =>
  (await server.inject("GET", "/auth/me", undefined, { cookie })).json();

test("each browser is an owner by itself, and stays the same one", async () => {
  const server = await startForGuests();
  const first = await server.inject("POST", "/chat", ASK);
  expect(first.headers["set-cookie"]).toMatch(
    /^rmm_guest=\S+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const cookie = cookieOf(first);
  const again = await server.inject("POST", "/chat", ASK, { cookie });
  expect(again.headers["set-cookie"]).toBeUndefined();
  expect(again.json().message_count).toBe(4);
  const other = await server.inject("GET", "/sessions/s");
  expect(other.statusCode).toBe(404);
  expect(cookieOf(other)).not.toBe(cookie);
});

test("the cookie comes with a stream too", async () => {
  const server = await startForGuests();
  const response = await fetch(`${await server.listen()}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(ASK),
  });
  expect(response.headers.get("set-cookie")).toMatch(/^rmm_guest=/);
  // Private answers must not be cached by proxies.
  expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
  expect(await response.text()).toContain("turn-completed");
});

test("refuses a cookie that was changed or signed with another secret", async () => {
  const server = await startForGuests();
  const cookie = cookieOf(await server.inject("GET", "/sessions"));
  const { owner } = await meOf(server, cookie);
  const [header = "", payload = "", signature = ""] = cookie.replace("rmm_guest=", "").split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const sign = (claims: Record<string, string>, secret: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret));
  const sub = owner.slice("guest:".length);
  const forged = [
    `${header}.${payload}.${signature.slice(0, -2)}AA`,
    `${none}.${payload}.`,
    `${header}.${Buffer.from(`{"sub":"${sub}"}`).toString("base64url")}.${signature}`,
    await sign({ sub, aud: "redis-memory-magic:guest" }, "another secret of thirty-two characters"),
    await sign({ sub }, SECRET),
    "",
    "null",
  ];
  for (const one of forged) expect((await meOf(server, `rmm_guest=${one}`)).owner, one).not.toBe(owner);
  expect((await meOf(server, cookie)).owner).toBe(owner);
});

test("servers on the same Redis share a secret if none is set", async () => {
  const server = await startForGuests({ SESSION_SECRET: "" });
  const second = await startTestServer({ env: { AUTH: "guest" }, name: server.name });
  const cookie = cookieOf(await server.inject("GET", "/sessions"));
  expect((await meOf(second, cookie)).owner).toBe((await meOf(server, cookie)).owner);
});

test("a guest who logs out is a new guest, and copies of the cookie are invalid", async () => {
  const server = await startForGuests();
  const cookie = cookieOf(await server.inject("POST", "/chat", ASK));
  const { owner } = await meOf(server, cookie);
  const out = await server.inject("POST", "/auth/logout", undefined, { cookie });
  expect(out.headers["set-cookie"]).toMatch(/^rmm_guest=; Max-Age=0/);
  expect((await meOf(server, cookie)).owner).not.toBe(owner);
  expect((await server.inject("GET", "/sessions/s", undefined, { cookie })).statusCode).toBe(404);
});

test("a request that another site's page makes is refused; one of this page or of a program is not", async () => {
  const server = await startForGuests({ PUBLIC_URL: "http://chat.example.org" });
  const cookie = cookieOf(await server.inject("GET", "/sessions"));
  const status = async (headers: Record<string, string>) =>
    (await server.inject("POST", "/chat", ASK, { cookie, ...headers })).statusCode;
  for (const refused of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "http://localhost:3000", "sec-fetch-site": "same-site" },
    { origin: "http://localhost:9090.evil.example" },
  ]) {
    expect(await status(refused), JSON.stringify(refused)).toBe(403);
  }
  for (const taken of [
    {},
    { origin: "http://localhost:9090" },
    { origin: "http://chat.example.org", "sec-fetch-site": "same-origin" },
    { origin: "http://chat.example.org" },
  ]) {
    expect(await status(taken), JSON.stringify(taken)).toBe(200);
  }
  expect(server.lines.join()).toContain('"event":"request_forged"');
});

test("a foreign name that is made to point here is refused; an address and the page's own name are not", async () => {
  const server = await startForGuests({ PUBLIC_URL: "https://chat.example.org" });
  const status = async (host: string) =>
    (await server.inject("GET", "/sessions", undefined, { host })).statusCode;
  for (const host of ["localhost:9090", "192.168.1.5:3000", "[fd00::1]:3000", "chat.example.org"])
    expect(await status(host), host).toBe(200);
  for (const host of ["evil.example", "chat.example.org.evil.example", "localhost.evil.example:9090"])
    expect(await status(host), host).toBe(403);
  const refused = await server.inject("GET", "/sessions", undefined, { host: "evil.example" });
  expect(refused.json().detail).toContain(
    "answers to localhost, IP addresses and the host of PUBLIC_URL only",
  );
});

test("over https the cookie has the __Host- prefix and is secure", async () => {
  const server = await startForGuests({ PUBLIC_URL: "https://chat.example.org" });
  const response = await server.inject("GET", "/sessions");
  expect(response.headers["set-cookie"]).toMatch(
    /^__Host-rmm_guest=\S+; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});
