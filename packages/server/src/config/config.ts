import {
  DEFAULT_MAX_IMAGE_BYTES,
  DEFAULT_MAX_MESSAGE_CHARS,
  DEFAULT_MAX_STREAMED_MESSAGE_CHARS,
  mode,
  providerId,
} from "@redis-memory-magic/protocol";
import { z } from "zod";
import { aliases, headerValue, ownPort, positive, timeout, url } from "./fields.ts";
import { identityMistakes, identityVariables, toIdentity } from "./identity.ts";
import { limitVariables, toLimits } from "./limits.ts";
import { readNamedFile } from "./named-file.ts";
import { proxyMistakes } from "./proxies.ts";
import { redisVariables, toRedis } from "./redis.ts";
import { zodMessage } from "./zod-messages.ts";

/**
 * Every environment variable that the server reads, with its default. Blanks and a pair of quotes around a value are
 * ignored (`docker run --env-file` keeps quotes), and an empty value counts as not set.
 */
const environment = z.object({
  OPENAI_API_KEY: headerValue.optional(),
  OPENAI_MODEL: z.string().optional(),
  OPENAI_BASE_URL: url.default("https://api.openai.com/v1"),
  OLLAMA_BASE_URL: url.default("http://localhost:11434/v1"),
  OLLAMA_API_KEY: headerValue.default("ollama"),
  OLLAMA_MODEL: z.string().optional(),
  OLLAMA_TEMPERATURE: z.coerce.number().min(0).max(2).optional(),
  OLLAMA_SEED: z.coerce.number().int().optional(),
  EMBEDDED_MODEL: z.string().optional(),
  EMBEDDING_MODEL: z.enum(["default", "none"]).default("default"),
  SUMMARY_MODEL: z.enum(["default", "none"]).default("default"),
  ...redisVariables,
  // Ten years: the longest TTL that a session may have.
  SESSION_TTL_SECONDS: positive.max(315_360_000).default(3600),
  // OpenAI keeps responses for 30 days.
  API_TTL_SECONDS: positive.max(315_360_000).default(2_592_000),
  MODEL_ALIASES: aliases.default(new Map()),
  HOST: z.string().default("127.0.0.1"),
  PORT: ownPort(9090),
  WEB_PORT: ownPort(3000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  MAX_MESSAGE_CHARS: positive.max(1_000_000).optional(),
  MAX_IMAGE_BYTES: positive.max(50_000_000).default(DEFAULT_MAX_IMAGE_BYTES),
  CONTEXT_MAX_TOKENS: positive.min(16).optional(),
  DEFAULT_PROVIDER: providerId.optional(),
  DEFAULT_MODE: mode.default("stateless"),
  FIRST_TOKEN_TIMEOUT_SECONDS: timeout.default(120),
  IDLE_TIMEOUT_SECONDS: timeout.default(30),
  METRICS_TOKEN: z.string().min(16, "must be at least 16 characters").optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
  OTEL_SERVICE_NAME: z.string().default("redis-memory-magic"),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().nonnegative().max(2_147_000).default(5),
  ...identityVariables,
  ...limitVariables,
});

/** Former names of variables, which keep working. */
export const FORMER_NAMES: Readonly<Record<string, string>> = {
  FIRST_WORD_TIMEOUT_SECONDS: "FIRST_TOKEN_TIMEOUT_SECONDS",
  BETWEEN_WORDS_TIMEOUT_SECONDS: "IDLE_TIMEOUT_SECONDS",
};

// These can be given as the path of a file that holds them.
const SECRETS = [
  "OPENAI_API_KEY",
  "REDIS_PASSWORD",
  "REDIS_URL",
  "REDIS_SENTINEL_PASSWORD",
  "OLLAMA_API_KEY",
  "SESSION_SECRET",
  "OIDC_CLIENT_SECRET",
  "METRICS_TOKEN",
  "OTEL_EXPORTER_OTLP_HEADERS",
] as const;

/** The name of every variable that the server reads. */
export const SETTINGS: readonly string[] = [
  ...Object.keys(environment.shape),
  ...SECRETS.map((name) => `${name}_FILE`),
];

/** All mistakes in the configuration, each with the name of its variable. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}:\n${mistakes.join("\n")}`,
    );
    this.name = "ConfigError";
    this.mistakes = mistakes;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError with every mistake there is */
export function loadConfig(env: Environment) {
  const mistakes: string[] = [];
  const given: Record<string, string> = {};
  for (const [name, value = ""] of Object.entries(env)) {
    const bare = value.trim().replace(/^(["'])(.*)\1$/s, "$2");
    if (bare !== "") given[name] = bare;
  }
  for (const [former, name] of Object.entries(FORMER_NAMES)) {
    const value = given[former];
    if (value === undefined) continue;
    if (given[name] === undefined) given[name] = value;
    else mistakes.push(`${name} and its former name ${former} are both set: keep ${name}.`);
  }
  for (const name of SECRETS) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    if (given[name] !== undefined) {
      mistakes.push(`${name} and ${name}_FILE are both set: keep one of them.`);
      continue;
    }
    const secret = readNamedFile(`${name}_FILE`, file, mistakes);
    if (secret !== undefined) given[name] = secret.trim();
  }
  mistakes.push(...proxyMistakes(env));
  const wrong = new Set<string>();
  for (const { path, message } of environment.safeParse(given, { error: zodMessage }).error?.issues ?? []) {
    const name = String(path[0]);
    const secret = SECRETS.some((secretName) => secretName === name);
    mistakes.push(`${name}${secret ? "" : ` is ${quoted(given[name] ?? "")}`}: ${message}.`);
    wrong.add(name);
  }
  // Mistakes between the other variables are reported at the same time.
  const e = environment.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))));
  const together = identityMistakes(e);
  const limits = toLimits(e, together);
  const redis = toRedis(e, together);
  mistakes.push(...together.filter((mistake) => ![...wrong].some((name) => mistake.includes(name))));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return {
    openai: { apiKey: e.OPENAI_API_KEY, model: e.OPENAI_MODEL, baseUrl: e.OPENAI_BASE_URL },
    ollama: {
      apiKey: e.OLLAMA_API_KEY,
      model: e.OLLAMA_MODEL,
      baseUrl: e.OLLAMA_BASE_URL,
      temperature: e.OLLAMA_TEMPERATURE,
      seed: e.OLLAMA_SEED,
    },
    embedded: { model: e.EMBEDDED_MODEL ?? "default" },
    embedding: { model: e.EMBEDDING_MODEL },
    summaryModel: e.SUMMARY_MODEL,
    redis,
    http: { host: e.HOST, port: e.PORT, webPort: e.WEB_PORT },
    identity: toIdentity(e),
    limits,
    logLevel: e.LOG_LEVEL,
    metricsToken: e.METRICS_TOKEN,
    tracing: {
      endpoint: e.OTEL_EXPORTER_OTLP_ENDPOINT,
      headers: e.OTEL_EXPORTER_OTLP_HEADERS,
      serviceName: e.OTEL_SERVICE_NAME,
    },
    sessionTtlSeconds: e.SESSION_TTL_SECONDS,
    apiTtlSeconds: e.API_TTL_SECONDS,
    modelAliases: e.MODEL_ALIASES,
    maxMessageChars: e.MAX_MESSAGE_CHARS ?? DEFAULT_MAX_MESSAGE_CHARS,
    maxStreamedMessageChars: e.MAX_MESSAGE_CHARS ?? DEFAULT_MAX_STREAMED_MESSAGE_CHARS,
    maxImageBytes: e.MAX_IMAGE_BYTES,
    maxContextTokens: e.CONTEXT_MAX_TOKENS,
    defaultProvider: e.DEFAULT_PROVIDER,
    defaultMode: e.DEFAULT_MODE,
    deadlines: {
      firstTokenMs: e.FIRST_TOKEN_TIMEOUT_SECONDS * 1000,
      idleMs: e.IDLE_TIMEOUT_SECONDS * 1000,
    },
    shutdownGraceMs: e.SHUTDOWN_GRACE_SECONDS * 1000,
  } as const;
}

/** A wrong value, without the login that an address may have. */
const quoted = (value: string): string => JSON.stringify(value.replace(/^.*@/s, "…@"));

export type Config = ReturnType<typeof loadConfig>;
