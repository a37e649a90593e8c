import { startTestServer } from "./test-server.ts";

const ASK = { message: "Hi", mode: "stateful", provider: "mirror" };

/** A server with limits, and callers who bring a key each. */
export async function startLimited(env: Record<string, string>, options: { name?: string } = {}) {
  const server = await startTestServer({ env: { AUTH: "keys", ...env }, ...options });
  const as = async (owner: string, group?: string) => {
    const { key } = await server.apiKeys.create({ owner, ...(group !== undefined && { group }) });
    const headers = { authorization: `Bearer ${key}` };
    return {
      get: (path: string) => server.inject("GET", path, undefined, headers),
      post: (path: string, body?: unknown) => server.inject("POST", path, body, headers),
      chat: (sessionId: string, message = "Hi") =>
        server.inject("POST", "/chat", { ...ASK, message, session_id: sessionId }, headers),
      patch: (path: string, body: unknown) => server.inject("PATCH", path, body, headers),
      delete: (path: string) => server.inject("DELETE", path, undefined, headers),
      headers,
    };
  };
  return { server, as };
}
