import type { Ask } from "../load.ts";
import { messageOf } from "../texts.ts";

export const CLIENTS = 16;
/** The history of 20 turns fits into it, so that young sessions are not searched. */
export const WINDOW_TOKENS = 4096;

/** The session of a client's turn. */
export type SessionOf = (client: number, turn: number) => string;

/** Sessions of so many turns, each client's its own, and new ones each time that its turns begin again at 0. */
export function sessionsOf(turns: number, name: string): SessionOf {
  const current = new Map<number, string>();
  let begun = 0;
  return (client, turn) => {
    if (turn % turns === 0) current.set(client, `${name}-${client}-${begun++}`);
    return current.get(client) ?? "";
  };
}

/** Returns the request of `POST /chat`. */
export const chat =
  (mode: "stateless" | "stateful", model: string, session: SessionOf, more: object = {}): Ask =>
  (client, turn) => ({
    path: "/chat",
    body: {
      message: messageOf(client, turn),
      mode,
      provider: "ollama",
      model,
      context_tokens: WINDOW_TOKENS,
      session_id: session(client, turn),
      ...more,
    },
  });

/** Returns the request of `POST /v1/responses`. @param more what it continues, and further fields */
export const respond =
  (model: string, more: (client: number, turn: number, last?: string) => object): Ask =>
  (client, turn, last) => ({
    path: "/v1/responses",
    body: {
      input: messageOf(client, turn),
      model: `ollama/${model}`,
      truncation: "auto",
      ...more(client, turn, last),
    },
  });

/** Continues from the response of the last answer. */
export const fromLast = (last = "") => ({ previous_response_id: /"id":"(resp_\w+)"/.exec(last)?.[1] });

/** Continues a session of the page, by the id that it has as a conversation of the API. */
export const fromSession = (session: string) => ({
  conversation: `conv_x${Buffer.from(session).toString("hex")}`,
});

/** Returns the request of a relay of this bench. */
export const relayed =
  (path: "/chat" | "/stream", model: string): Ask =>
  (client, turn) => ({ path, body: { model, message: messageOf(client, turn) } });

/** Returns the request of Portkey's gateway, which is given the upstream as a provider. */
export const throughPortkey =
  (upstream: string, model: string, more: object = {}): Ask =>
  (client, turn) => ({
    path: "/v1/chat/completions",
    headers: {
      authorization: "Bearer none",
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `${upstream}/v1`,
    },
    body: { model, messages: [{ role: "user", content: messageOf(client, turn) }], ...more },
  });
