import { expect, test } from "vitest";
import { startTestServer } from "../../../test/test-server.ts";

const ASK = { message: "Hi", mode: "stateless", provider: "mirror" };

test("without authentication, names that are not this machine's are refused (DNS rebinding)", async () => {
  const server = await startTestServer();
  const status = async (host: string) =>
    (await server.inject("GET", "/sessions", undefined, { host })).statusCode;
  for (const host of ["localhost", "LOCALHOST:9090", "127.0.0.1:9090", "127.1.2.3", "[::1]:9090"])
    expect(await status(host), host).toBe(200);
  const refused = await server.inject("GET", "/sessions", undefined, { host: "evil.example" });
  expect(refused.json().detail).toContain("answers to localhost and the host of PUBLIC_URL only");
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "evil.example:9090",
    "127.0.0.1.evil.example",
    "192.168.1.5:9090",
    "localhost@evil.example",
  ]) {
    expect(await status(host), host).toBe(403);
    expect(server.lines.pop(), host).toContain(`"event":"foreign_host","host":"${host}"`);
  }
});

test("without authentication, the host and the page of PUBLIC_URL are accepted", async () => {
  const server = await startTestServer({ env: { PUBLIC_URL: "http://chat.lan:3000" } });
  const status = async (headers: Record<string, string>) =>
    (await server.inject("POST", "/chat", ASK, headers)).statusCode;
  expect(await status({ host: "chat.lan:9090" })).toBe(200);
  expect(await status({ host: "chat.lan:3000", origin: "http://chat.lan:3000" })).toBe(200);
  expect(await status({ host: "chat.lan.evil.example" })).toBe(403);
  expect(await status({ host: "chat.lan@evil.example" })).toBe(403);
  expect(await status({ host: "chat.lan:3000", origin: "http://chat.lan:8080" })).toBe(403);
});

test("without authentication, pages of other origins are refused, and may read nothing", async () => {
  const server = await startTestServer();
  for (const origin of [
    "https://evil.example",
    "http://localhost.evil.example",
    "null",
    "file://",
    "http://[::1].evil",
  ]) {
    const refused = await server.inject("POST", "/chat", ASK, { origin });
    expect(refused.statusCode, origin).toBe(403);
    expect(refused.headers["access-control-allow-origin"], origin).toBeUndefined();
    expect(server.lines.pop(), origin).toContain(`"event":"foreign_origin","origin":"${origin}"`);
  }
  for (const origin of ["http://localhost:5173", "http://127.0.0.1:3000", "https://localhost"]) {
    const taken = await server.inject("POST", "/chat", ASK, { origin });
    expect(taken.statusCode, origin).toBe(200);
    expect(taken.headers["access-control-allow-origin"], origin).toBe(origin);
    expect(taken.headers["access-control-allow-credentials"], origin).toBeUndefined();
  }
});

test("with authentication, only the pages that were named may read, and never by a cookie", async () => {
  const env = { AUTH: "keys", ALLOWED_ORIGINS: "https://app.example.org" };
  const server = await startTestServer({ env });
  const { key } = await server.apiKeys.create({ owner: "alice" });
  const allowed = async (origin: string) => {
    const answer = await server.inject("GET", "/sessions", undefined, {
      origin,
      authorization: `Bearer ${key}`,
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    return answer.headers["access-control-allow-origin"];
  };
  expect(await allowed("https://app.example.org")).toBe("https://app.example.org");
  for (const origin of [
    "https://evil.example",
    "http://localhost:3000",
    "https://app.example.org.evil.example",
  ])
    expect(await allowed(origin), origin).toBeUndefined();
});
