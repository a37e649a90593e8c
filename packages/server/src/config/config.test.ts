import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const mistakesOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
};

test("the original's names and defaults", () => {
  expect(loadConfig({})).toMatchObject({
    // The default model depends on what the key has: models/chatgpt/availability.test.ts.
    openai: { apiKey: undefined, model: undefined },
    ollama: { baseUrl: "http://localhost:11434/v1", apiKey: "ollama", model: undefined },
    redis: { nodes: [{ host: "localhost", port: 6379 }], database: 0, password: undefined },
    http: { host: "127.0.0.1", port: 9090, webPort: 3000 },
    sessionTtlSeconds: 3600,
  });
});

test("an empty variable counts as not set", () => {
  expect(loadConfig({ REDIS_PASSWORD: "", OPENAI_API_KEY: " ", PORT: "" })).toEqual(loadConfig({}));
});

test("blanks around a value are ignored", () => {
  const config = loadConfig({ OLLAMA_API_KEY: "sk-abc\n", OLLAMA_MODEL: "llama3.2:3b ", PORT: " 9091\r\n" });
  expect(config).toMatchObject({ ollama: { apiKey: "sk-abc", model: "llama3.2:3b" }, http: { port: 9091 } });
});

test("a pair of quotes around a value is ignored, because Docker's --env-file keeps it", () => {
  const config = loadConfig({ OPENAI_API_KEY: '"sk-abc"', OLLAMA_MODEL: "'llama3.2:3b'", OPENAI_MODEL: '"' });
  expect(config).toMatchObject({
    ollama: { model: "llama3.2:3b" },
    openai: { apiKey: "sk-abc", model: '"' },
  });
});

test("a port that a link of Kubernetes has set for another service counts as not set", () => {
  const link = "tcp://10.96.0.17:80";
  expect(loadConfig({ PORT: link, WEB_PORT: link }).http).toEqual(loadConfig({}).http);
});

test("the login of an address that is not understood is not shown", () => {
  const mistakes = mistakesOf({ OLLAMA_BASE_URL: "http://user:ge@heim@ho st/v1", PUBLIC_URL: "a:geheim@b" });
  expect(mistakes.join()).toContain('OLLAMA_BASE_URL is "…@ho st/v1"');
  expect(mistakes.join()).not.toContain("heim");
});

test.each(["OPENAI_API_KEY", "OLLAMA_API_KEY"])("%s must fit into a header, and is not shown", (name) => {
  const [mistake = ""] = mistakesOf({ [name]: "sk-geheim\nline 2" });
  expect(mistake).toMatch(new RegExp(`^${name}: must be printable ASCII`));
  expect(mistake).not.toContain("geheim");
});

test("former names of variables keep working", () => {
  const former = { FIRST_WORD_TIMEOUT_SECONDS: "7", BETWEEN_WORDS_TIMEOUT_SECONDS: "8" };
  expect(loadConfig(former).deadlines).toEqual({ firstTokenMs: 7000, idleMs: 8000 });
  expect(mistakesOf({ ...former, IDLE_TIMEOUT_SECONDS: "9" })).toEqual([
    "IDLE_TIMEOUT_SECONDS and its former name BETWEEN_WORDS_TIMEOUT_SECONDS are both set: keep IDLE_TIMEOUT_SECONDS.",
  ]);
});

test("reports three mistakes at once, each with its variable and value", () => {
  const mistakes = mistakesOf({ PORT: "http", SESSION_TTL_SECONDS: "-1", DEFAULT_PROVIDER: "gpt" });
  expect(mistakes).toHaveLength(3);
  const told = [...mistakes].sort().join("\n");
  expect(told).toMatch(/DEFAULT_PROVIDER is "gpt"[\s\S]*PORT is "http"[\s\S]*SESSION_TTL_SECONDS is "-1"/);
});

test.each([
  ["PORT", "http", "must be a number"],
  ["PORT", "1.5", "must be a whole number"],
  ["PORT", "0", "must be at least 1"],
  ["WEB_PORT", "70000", "must be at most 65535"],
  ["SESSION_TTL_SECONDS", "0", "must be more than 0"],
  ["SESSION_TTL_SECONDS", "315360001", "must be at most 315360000"],
  ["FIRST_TOKEN_TIMEOUT_SECONDS", "2147484", "must be at most 2147483"],
  ["IDLE_TIMEOUT_SECONDS", "2147484", "must be at most 2147483"],
  ["SHUTDOWN_GRACE_SECONDS", "2147484", "must be at most 2147000"],
  ["DEFAULT_MODE", "statefull", "must be stateless or stateful"],
  ["LOG_LEVEL", "loud", "must be fatal, error, warn, info, debug, trace, or silent"],
  ["OLLAMA_BASE_URL", "localhost:11434", "must be an address that begins with http:// or https://"],
  ["REDIS_HOST", "redis://localhost", "must be a host's name or address alone"],
  ["REDIS_HOST", "localhost:6380", "must be a host's name or address alone"],
  ["OIDC_ISSUER", "login", "must be an address that begins with http:// or https://"],
])("%s=%s %s", (name, value, words) => {
  expect(mistakesOf({ [name]: value })).toEqual([`${name} is "${value}": ${words}.`]);
});

test("mistakes of single variables hide none between others", () => {
  const mistakes = mistakesOf({ PORT: "http", HOST: "0.0.0.0", LIMITS_FILE: "/nowhere/limits.json" });
  expect(mistakes).toEqual([
    expect.stringMatching(/^PORT is/),
    expect.stringMatching(/^HOST is/),
    expect.stringMatching(/^LIMITS_FILE names/),
  ]);
  // Whether HOST is one depends on what AUTH was to be.
  expect(mistakesOf({ AUTH: "gast", HOST: "0.0.0.0" })).toEqual([expect.stringMatching(/^AUTH is "gast"/)]);
});

test("a secret's value is never in a mistake", () => {
  const mistakes = mistakesOf({ REDIS_URL: "http://user:geheim@host", PORT: "0" });
  expect(mistakes).toHaveLength(2);
  expect(mistakes.join()).not.toContain("geheim");
});

test("secrets can come from files", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  try {
    const file = join(folder, "key");
    writeFileSync(file, "sk-1\n");
    expect(loadConfig({ OPENAI_API_KEY_FILE: file }).openai.apiKey).toBe("sk-1");
    expect(mistakesOf({ OPENAI_API_KEY_FILE: file, OPENAI_API_KEY: "sk-2" })[0]).toContain("both set");
    expect(mistakesOf({ OPENAI_API_KEY_FILE: join(folder, "none") })[0]).toContain("ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
