import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../../test/test-server.ts";
import { within } from "../../../test/within.ts";

const ASK = { message: "Hi", mode: "stateful", provider: "mirror", session_id: "s" };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const startWithKeys = (env: Record<string, string> = {}, mirrorDelayMs = 0): Promise<TestServer> =>
  startTestServer({ env: { AUTH: "keys", ...env }, mirrorDelayMs });

test("without a key only the description, health and authentication routes answer", async () => {
  const server = await startWithKeys();
  for (const path of ["/", "/health/live", "/health/ready", "/openapi.json", "/docs", "/auth/me"]) {
    expect((await server.inject("GET", path)).statusCode, path).toBeLessThan(400);
  }
  const refused = await server.inject("POST", "/chat", ASK);
  expect(refused.statusCode).toBe(401);
  expect(refused.headers["www-authenticate"]).toBe('Bearer realm="redis-memory-magic"');
  expect(refused.json()).toMatchObject({
    code: "unauthenticated",
    detail: expect.stringContaining("API key"),
  });
});

test("a key makes its owner, and one owner's session is nothing to another", async () => {
  const server = await startWithKeys();
  const alice = bearer((await server.apiKeys.create({ owner: "alice" })).key);
  const alicesOther = bearer((await server.apiKeys.create({ owner: "alice" })).key);
  const bob = bearer((await server.apiKeys.create({ owner: "bob" })).key);
  expect((await server.inject("POST", "/chat", ASK, alice)).statusCode).toBe(200);
  expect((await server.inject("GET", "/sessions/s", undefined, alicesOther)).json().message_count).toBe(2);
  expect((await server.inject("GET", "/sessions/s", undefined, bob)).statusCode).toBe(404);
  expect((await server.inject("GET", "/sessions", undefined, bob)).json().sessions).toEqual([]);
  expect((await server.inject("GET", "/auth/me", undefined, alice)).json()).toMatchObject({
    authenticated: true,
    owner: "alice",
    via: "key",
  });
});

test("only the Authorization header counts, sent once", async () => {
  const server = await startWithKeys();
  const { key } = await server.apiKeys.create({ owner: "alice" });
  const { key: other } = await server.apiKeys.create({ owner: "bob" });
  const status = async (headers: Record<string, string>, path = "/sessions") =>
    (await server.inject("GET", path, undefined, headers)).statusCode;
  expect(await status({ authorization: `bEaReR ${key}` })).toBe(200);
  expect(await status({ "x-api-key": key })).toBe(401);
  expect(await status({ "api-key": key, cookie: `rmm_login=${key}; rmm_guest=${key}` })).toBe(401);
  expect(await status({}, `/sessions?api_key=${key}&access_token=${key}`)).toBe(401);
  expect(await status({ authorization: key })).toBe(401);
  expect(await status({ authorization: `Basic ${key}` })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}, Bearer ${other}` })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}`, "x-api-key": other })).toBe(200);

  const address = new URL(await server.listen());
  const { connect } = await import("node:net");
  const ask = (twice: string) =>
    within(
      5000,
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(address.port), "127.0.0.1");
        socket.once("data", (data) => resolve(String(data)));
        socket.once("error", reject);
        const head = `GET /sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`;
        socket.write(`${head}${twice}\r\nConnection: close\r\n\r\n`);
      }),
    );
  expect(await ask("X-Once: more")).toMatch(/^HTTP\/1.1 200/);
  expect(await ask(`AUTHORIZATION: Bearer ${other}`)).toMatch(/^HTTP\/1.1 400/);
  expect(await ask("host: evil.example")).toMatch(/^HTTP\/1.1 400/);
});

test("a key that is wrong in any part, expired or revoked is refused, and the refusal is logged without it", async () => {
  const server = await startWithKeys();
  const { id, key } = await server.apiKeys.create({ owner: "alice" });
  const { id: expiredId, key: expired } = await server.apiKeys.create({ owner: "alice", days: 2 });
  const status = async (sent: string) =>
    (await server.inject("GET", "/sessions", undefined, bearer(sent))).statusCode;
  expect(await status(key)).toBe(200);
  const wrong = [
    `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`,
    key.slice(0, -1),
    `${key}A`,
    key.toUpperCase(),
    key.replace(id, "0".repeat(16)),
    "rmm_",
    "rmm_*_*",
  ];
  for (const one of wrong) expect(await status(one), one).toBe(401);
  const stored = `${server.name}:api_key:${expiredId}`;
  expect(await server.command("TTL", stored)).toBeGreaterThan(86_400);
  await server.command("EXPIRE", stored, "0");
  expect(await status(expired)).toBe(401);
  await server.apiKeys.revoke(id);
  await expect.poll(() => status(key)).toBe(401);
  const refusals = server.lines.filter((line) => line.includes('"event":"login_refused"'));
  expect(refusals.length).toBeGreaterThanOrEqual(wrong.length + 2);
  expect(server.lines.join()).not.toContain(key.slice(-43));
});

test("what Redis keeps of a key is not enough to use it", async () => {
  const server = await startWithKeys();
  const { id, key } = await server.apiKeys.create({ owner: "alice", note: "laptop", group: "staff" });
  const kept = String(await server.command("GET", `${server.name}:api_key:${id}`));
  expect(kept).not.toContain(key.slice(-43));
  expect(await server.apiKeys.list()).toMatchObject([{ id, owner: "alice", note: "laptop", group: "staff" }]);
  expect(JSON.stringify(await server.apiKeys.list())).not.toContain(JSON.parse(kept).hash);
});

test("revoking a key ends its live streams within seconds, and no one else's", async () => {
  const server = await startWithKeys({}, 400);
  const base = await server.listen();
  const [mine, others] = await Promise.all([
    server.apiKeys.create({ owner: "alice" }),
    server.apiKeys.create({ owner: "bob" }),
  ]);
  const stream = async (key: string) => {
    const response = await fetch(`${base}/chat`, {
      method: "POST",
      headers: { ...bearer(key), "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify(ASK),
    });
    const read = async () => {
      let text = "";
      try {
        for await (const piece of response.body ?? []) text += Buffer.from(piece).toString();
        return { text, cut: false };
      } catch {
        return { text, cut: true };
      }
    };
    return { end: read() };
  };
  const [revoked, kept] = await Promise.all([stream(mine.key), stream(others.key)]);
  await server.apiKeys.revoke(mine.id);
  const ended = await within(6000, revoked.end);
  expect(ended).toMatchObject({ cut: true, text: expect.not.stringContaining("turn-completed") });
  expect(await within(12_000, kept.end)).toMatchObject({
    cut: false,
    text: expect.stringContaining("turn-completed"),
  });
  expect(server.lines.join()).toContain('"event":"live_request_ended"');
});
