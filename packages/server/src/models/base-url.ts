/** The address of a provider's API, taken apart. */
export interface BaseUrl {
  readonly origin: string;
  /** Where the API may be, the likeliest first; without a slash at the end. */
  readonly paths: readonly string[];
  /** Azure's `?api-version=…`, sent with every request; empty or with its question mark. */
  readonly search: string;
  /** For `Authorization`, from a user and a password in the address. */
  readonly basic: string | null;
  /** What must not be quoted. */
  readonly secrets: readonly string[];
}

/** What people copy behind the base of an address. */
const ENDPOINTS = /\/(?:chat\/completions|completions|responses|models|api\/(?:chat|generate|tags))$/;

/**
 * Reads a provider's address as people have it: with or without `/v1`, with Ollama's `/api`, with an endpoint's
 * whole address, with a query, with a user and a password.
 */
export function readBaseUrl(address: string): BaseUrl {
  const { origin, pathname, search, username, password } = new URL(address.trim());
  const path = pathname.replace(/\/+$/, "").replace(ENDPOINTS, "").replace(/\/+$/, "");
  const user = decodeURIComponent(username);
  const secret = decodeURIComponent(password);
  return {
    origin,
    paths: pathsOf(path),
    search,
    basic:
      username === "" && password === ""
        ? null
        : `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`,
    secrets: [secret, password].filter((text) => text !== ""),
  };
}

function pathsOf(path: string): string[] {
  if (/\/v\d+\w*(?:\/\w+)?$/.test(path)) return [path];
  // OpenRouter's and Open WebUI's is below theirs; Ollama's own API stands beside the compatible one.
  if (path.endsWith("/api")) return [`${path.slice(0, -"/api".length)}/v1`, path, `${path}/v1`];
  return path === "" ? ["/v1", ""] : [path, `${path}/v1`];
}
