import type { ContextReport, ProviderId } from "@redis-memory-magic/protocol";

type WireRequest = NonNullable<ContextReport["request"]>;

/** Names of environment variables, never keys: the shell inserts its own. */
const KEYS: Partial<Record<ProviderId, string>> = { chatgpt: "OPENAI_API_KEY", ollama: "OLLAMA_API_KEY" };

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns the request as a command for a POSIX shell. */
export function asCurl({ method, url, body }: WireRequest, provider: ProviderId): string {
  const key = KEYS[provider];
  return [
    `curl -X ${method} ${quote(url)}`,
    ...(key === undefined ? [] : [`-H "Authorization: Bearer $${key}"`]),
    `-H 'Content-Type: application/json'`,
    `-d ${quote(JSON.stringify(body, null, 2))}`,
  ].join(" \\\n  ");
}
