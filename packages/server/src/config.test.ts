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
    ollama: { baseUrl: "http://localhost:11434/v1", apiKey: "ollama", model: "llama3.2:3b" },
    redis: { nodes: [{ host: "localhost", port: 6379 }], database: 0, password: undefined },
    http: { host: "127.0.0.1", port: 9090, webPort: 3000 },
    sessionTtlSeconds: 3600,
  });
});

test("an empty variable counts as not set", () => {
  expect(loadConfig({ REDIS_PASSWORD: "", OPENAI_API_KEY: " ", PORT: "" })).toEqual(loadConfig({}));
});

test("three mistakes are told at once, each by its variable, with what is there", () => {
  const mistakes = mistakesOf({ PORT: "http", SESSION_TTL_SECONDS: "-1", DEFAULT_PROVIDER: "gpt" });
  expect(mistakes).toHaveLength(3);
  const told = [...mistakes].sort().join("\n");
  expect(told).toMatch(/DEFAULT_PROVIDER is "gpt"[\s\S]*PORT is "http"[\s\S]*SESSION_TTL_SECONDS is "-1"/);
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
