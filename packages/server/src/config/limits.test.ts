import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const mistakesOf = (env: Record<string, string>): string => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.join("\n");
    throw error;
  }
  return "";
};

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "limits.json");
  writeFileSync(file, content);
  return file;
}

test("nothing is limited without authentication", () => {
  const { owner, address } = loadConfig({}).limits;
  expect([...Object.values(owner), ...Object.values(address)].every((limit) => limit === null)).toBe(true);
});

test("with authentication requests and streams are; each can be set, or switched off", () => {
  expect(loadConfig({ AUTH: "keys" }).limits).toMatchObject({
    owner: { requestsPerMinute: 600, streams: 20, tokensPerDay: null, sessions: null },
    address: { requestsPerMinute: 6000, streams: 200 },
  });
  const { owner } = loadConfig({
    AUTH: "keys",
    LIMIT_STREAMS: "off",
    LIMIT_TOKENS_PER_DAY: "1000",
    LIMIT_USD_PER_DAY: "0.5",
  }).limits;
  expect(owner).toMatchObject({ streams: null, tokensPerDay: 1000, usdPerDay: 0.5 });
  expect(mistakesOf({ LIMIT_SESSIONS: "-1" })).toMatch(/LIMIT_SESSIONS is "-1"/);
  expect(mistakesOf({ LIMIT_SESSIONS: "many" })).toMatch(/must be a whole number, or off/);
});

test("guests cost and leave behind no more than that, from one address, unless it is said", () => {
  const { address, owner, sessionTtlSeconds } = loadConfig({ AUTH: "guest" }).limits;
  expect(address).toMatchObject({ requestsPerMinute: 6000, usdPerDay: 5, storedBytesPerDay: 200_000_000 });
  expect(owner).toMatchObject({ usdPerDay: null, storedBytesPerDay: null });
  expect(sessionTtlSeconds).toBe(30 * 86_400);
  const off = { LIMIT_ADDRESS_USD_PER_DAY: "off", LIMIT_ADDRESS_STORED_BYTES_PER_DAY: "off" };
  const year = { SESSION_TTL_SECONDS: "31536000" };
  const open = loadConfig({ AUTH: "guest", ...off, ...year }).limits;
  expect(open.address).toMatchObject({ usdPerDay: null, storedBytesPerDay: null });
  expect(open.sessionTtlSeconds).toBe(31_536_000);
  expect(loadConfig({ AUTH: "keys" }).limits.sessionTtlSeconds).toBeUndefined();
});

test("a group has what it names, and the rest as everybody", () => {
  const file = fileWith('{"groups": {"staff": {"requests_per_minute": 9000, "streams": "off"}}}');
  const { groups } = loadConfig({ AUTH: "keys", LIMITS_FILE: file, LIMIT_SESSIONS: "7" }).limits;
  expect(groups.get("staff")).toMatchObject({ requestsPerMinute: 9000, streams: null, sessions: 7 });
});

test("reports mistakes in a file by the file's name and the field", () => {
  expect(mistakesOf({ LIMITS_FILE: "/nowhere/limits.json" })).toMatch(/cannot be read \(ENOENT\)/);
  expect(mistakesOf({ LIMITS_FILE: fileWith("{") })).toMatch(/is not JSON/);
  const told = mistakesOf({ LIMITS_FILE: fileWith('{"groups": {"staff": {"streams": -1, "tokens": 5}}}') });
  expect(told).toMatch(/groups\.staff\.streams is wrong/);
  expect(told).toMatch(/tokens/);
});

test("providers have caps of their own", () => {
  const { providers } = loadConfig({
    PROVIDER_CONCURRENCY: "chatgpt=64, ollama=4",
    PROVIDER_QUEUE: "10",
  }).limits;
  expect([...providers.concurrency]).toEqual([
    ["chatgpt", 64],
    ["ollama", 4],
  ]);
  expect(providers.queue).toBe(10);
  expect(mistakesOf({ PROVIDER_CONCURRENCY: "gpt=1" })).toMatch(/must be such as chatgpt=64,ollama=4/);
});

test("a session's longest life is no shorter than its usual one", () => {
  expect(mistakesOf({ SESSION_TTL_SECONDS: "3600", SESSION_TTL_MAX_SECONDS: "60" })).toMatch(/is less than/);
});
