import { readFileSync } from "node:fs";
import type { Target } from "./ask-redis.ts";

/** The Redis that the environment names, as far as one address says it. */
export interface RedisAddress extends Target {
  /** For people, never with a password. */
  readonly shown: string;
  /** It was chosen: it is not the default. */
  readonly named: boolean;
}

/**
 * Undefined: a mistake or a form that only the server knows. The server, which reports all mistakes of a configuration
 * at once, is to judge.
 */
export function redisAddress(env: NodeJS.ProcessEnv): RedisAddress | undefined {
  try {
    const url = env.REDIS_URL || readSecret(env.REDIS_URL_FILE);
    return url ? fromUrl(url, env.REDIS_TLS_CA_FILE) : fromParts(env);
  } catch {
    return undefined;
  }
}

function fromParts(env: NodeJS.ProcessEnv): RedisAddress | undefined {
  const host = env.REDIS_HOST || "localhost";
  const port = Number(env.REDIS_PORT || 6379);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const password = env.REDIS_PASSWORD || readSecret(env.REDIS_PASSWORD_FILE);
  const shown = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    url: `redis://${password ? `:${encodeURIComponent(password)}@` : ""}${shown}`,
    shown,
    named: host !== "localhost" || port !== 6379 || Boolean(password),
  };
}

function fromUrl(text: string, caFile: string | undefined): RedisAddress | undefined {
  const { protocol, username, password, hostname, port } = new URL(text);
  if (!/^rediss?:$/.test(protocol)) return undefined;
  // What cannot be decoded is a mistake.
  for (const part of [username, password]) decodeURIComponent(part);
  return {
    url: text,
    shown: `${hostname || "localhost"}:${port || 6379}`,
    named: true,
    ...(caFile && { ca: readFileSync(caFile, "utf8") }),
  };
}

const readSecret = (path: string | undefined): string | undefined =>
  path ? readFileSync(path, "utf8").trim() : undefined;
