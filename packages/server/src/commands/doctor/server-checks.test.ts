import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Availability, ChatModel } from "../../chat/chat-model.ts";
import { loadConfig } from "../../config/config.ts";
import { checkExposure, checkLimits, checkProviders } from "./server-checks.ts";

const OPENAI_API_KEY = "sk-x";
const OTHERS = { OPENAI_API_KEY, HOST: "0.0.0.0" };
const OIDC = { OIDC_ISSUER: "https://login.example.org", OIDC_AUDIENCE: "chat" };

test.each([
  [{ HOST: "127.0.0.1" }, /^ok: listens on 127\.0\.0\.1: this machine alone/],
  [{ HOST: "0.0.0.0", ALLOW_UNAUTHENTICATED: "true" }, /^warn: listens on 0\.0\.0\.0 without authentication/],
  [{ HOST: "0.0.0.0", AUTH: "guest" }, /^ok: listens on 0\.0\.0\.0, .*\(AUTH=guest\)/],
  [{ HOST: "0.0.0.0", AUTH: "keys,jwt", ...OIDC }, /^ok: listens on 0\.0\.0\.0, .*\(AUTH=keys,jwt\)/],
] as const)("exposure of %j", (env, seen) => {
  const { level, text } = checkExposure(loadConfig(env));
  expect(`${level}: ${text}`).toMatch(seen);
});

test.each([
  // Nobody else can spend, or nothing costs money.
  [{ OPENAI_API_KEY }, /^ok: none are set \(AUTH=none\)$/],
  [{ OPENAI_API_KEY, LIMIT_USD_PER_DAY: "5" }, /^ok: set for all callers together/],
  [{ HOST: "0.0.0.0", AUTH: "keys" }, /^ok: set for one owner/],
  // Guests have a limit per address by default, and no other one holds a guest who clears the cookie.
  [{ ...OTHERS, AUTH: "guest" }, /^ok: set for one IP address/],
  [{ ...OTHERS, AUTH: "guest", LIMIT_ADDRESS_USD_PER_DAY: "off" }, /^warn: .*LIMIT_ADDRESS_USD_PER_DAY or/],
  [
    { ...OTHERS, AUTH: "guest", LIMIT_ADDRESS_USD_PER_DAY: "off", LIMIT_USD_PER_DAY: "5" },
    /^warn: .*what one IP address spends/,
  ],
  [
    { ...OTHERS, AUTH: "guest", LIMIT_ADDRESS_USD_PER_DAY: "off", LIMIT_ADDRESS_TOKENS_PER_DAY: "1000" },
    /^ok: set for one IP address/,
  ],
  // Owners with a key or a login can come from several addresses.
  [{ ...OTHERS, AUTH: "keys" }, /^warn: .*what one owner spends in a day: set LIMIT_USD_PER_DAY or/],
  [{ ...OTHERS, AUTH: "jwt", ...OIDC }, /^warn: .*what one owner spends/],
  [{ ...OTHERS, AUTH: "keys", LIMIT_ADDRESS_USD_PER_DAY: "5" }, /^warn: .*what one owner spends/],
  [{ ...OTHERS, AUTH: "keys", LIMIT_USD_PER_DAY: "5" }, /^ok: set for one owner \([^)]*\)$/],
  [{ ...OTHERS, AUTH: "keys", LIMIT_TOKENS_PER_DAY: "1000" }, /^ok: set for one owner/],
] as const)("limits of %j", (env, seen) => {
  const { level, text } = checkLimits(loadConfig(env));
  expect(`${level}: ${text}`).toMatch(seen);
});

test("names the groups of LIMITS_FILE that may spend without a limit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "doctor-limits-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "limits.json");
  await writeFile(file, JSON.stringify({ groups: { staff: { usd_per_day: "off" }, guest: { streams: 2 } } }));
  const config = loadConfig({ ...OTHERS, AUTH: "keys", LIMIT_USD_PER_DAY: "5", LIMITS_FILE: file });
  expect(checkLimits(config)).toMatchObject({
    level: "ok",
    text: expect.stringMatching(/; what these groups spend in a day is not limited: staff$/),
  });
});

const provider = (id: ChatModel["id"], availability: Partial<Availability>): ChatModel =>
  ({
    id,
    name: id,
    availability: async () => ({ available: false, models: [], ...availability }),
  }) as unknown as ChatModel;

const REFUSED = provider("chatgpt", { reason: "OpenAI refuses the key.", action: "Check OPENAI_API_KEY." });
const MIRROR = provider("mirror", { available: true });

test.each([
  ["another is there", {}, [provider("ollama", { available: true })], "ok"],
  ["none but the mirror is there", {}, [], "warn"],
  ["it has a key", { OPENAI_API_KEY }, [provider("ollama", { available: true })], "warn"],
  ["it is the default", { DEFAULT_PROVIDER: "chatgpt" }, [provider("ollama", { available: true })], "warn"],
] as const)("a provider that is not available when %s", async (_, env, others, level) => {
  const [result] = await checkProviders(loadConfig(env), [REFUSED, ...others, MIRROR]);
  expect(result).toEqual({
    level,
    what: "provider",
    text: "chatgpt is not available: OpenAI refuses the key. Check OPENAI_API_KEY.",
  });
});
