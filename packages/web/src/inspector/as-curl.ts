import type { ChatRequest, ContextReport, ProviderId } from "@redis-memory-magic/protocol";
import { bearerHeader } from "../api/bearer.ts";

interface WireRequest extends NonNullable<ContextReport["request"]> {
  /** The name of an environment variable, never a key: the shell inserts its own. */
  readonly keyVariable?: string | undefined;
}

const KEYS: Partial<Record<ProviderId, string>> = { chatgpt: "OPENAI_API_KEY", ollama: "OLLAMA_API_KEY" };

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Returns a request to a provider as a command for a POSIX shell. */
export const asCurl = (request: NonNullable<ContextReport["request"]>, provider: ProviderId): string =>
  curl({ ...request, keyVariable: KEYS[provider] });

/** Returns a request to this page's own server, which asks the provider. */
export function chatAsCurl(body: ChatRequest): string {
  const url = new URL("./api/chat", document.baseURI).href;
  const needsKey = Object.keys(bearerHeader()).length > 0;
  return curl({ method: "POST", url, body, ...(needsKey && { keyVariable: "API_KEY" }) });
}

function curl({ method, url, body, keyVariable }: WireRequest): string {
  return [
    `curl -X ${method} ${quote(url)}`,
    ...(keyVariable === undefined ? [] : [`-H "Authorization: Bearer $${keyVariable}"`]),
    `-H 'Content-Type: application/json'`,
    `-d ${quote(JSON.stringify(body, null, 2))}`,
  ].join(" \\\n  ");
}
