/** The keys of one session, in the order of KEYS in every script on a session. */
export interface SessionKeys {
  /** LIST: the items, each at its index. A dropped one stays as `0`. */
  readonly messages: string;
  /** HASH: layout version, epoch, times, the session's own TTL, the running turn, ids given by callers. */
  readonly meta: string;
  /** HASH: turn id → record. */
  readonly turns: string;
  /** HASH: idempotency key → the hash of the request and the turn that it led to. */
  readonly idempotency: string;
  /** STRING: the running turn's output so far. Its name is also the channel that notifies followers of the turn. */
  readonly log: string;
  /** HASH: pieces of images and other files. */
  readonly blobs: string;
  /** LIST: the terms that a search finds each item by, at the item's index. */
  readonly words: string;
  /** LIST: a vector for each turn, at the index of the turn's first item, see `stored-vectors.ts`. */
  readonly vectors: string;
  /** HASH: what a model wrote of the session's beginning, see `summary/session-summary.ts`. */
  readonly summary: string;
  /** All of them, in the scripts' order. */
  readonly all: string[];
}

// A brace would end the hash tag, a slash parts owner and session, a percent sign begins an escape.
export const percentEncode = (part: string): string =>
  part.replace(/[%/{}]/g, (character) => encodeURIComponent(character));

const percentDecode = (part: string): string =>
  part.replace(/%(25|2F|7B|7D)/g, (escaped) => decodeURIComponent(escaped));

/** The owner of all sessions where there is no authentication. */
export const LOCAL_OWNER = "local";

/**
 * All keys of a session stand under `<name>:{<tag>}:` with the braces literally there: a hash tag, so that on
 * a Cluster a session lies on one node and changes atomically. Someone else's session cannot be named.
 *
 * @example
 * console.log(sessionKeys("chat_history", "alice", "session_1").messages); // chat_history:{alice/session_1}:messages
 */
export function sessionKeys(name: string, owner: string, sessionId: string): SessionKeys {
  const tag =
    owner === LOCAL_OWNER ? percentEncode(sessionId) : `${percentEncode(owner)}/${percentEncode(sessionId)}`;
  const key = (part: string): string => `${name}:{${tag}}:${part}`;
  const keys = {
    messages: key("messages"),
    meta: key("meta"),
    turns: key("turns"),
    idempotency: key("idempotency"),
    log: key("log"),
    blobs: key("blobs"),
    words: key("words"),
    vectors: key("vectors"),
    summary: key("summary"),
  };
  const { messages, meta, turns, idempotency, log, blobs, words, vectors, summary } = keys;
  return { ...keys, all: [messages, meta, turns, idempotency, log, blobs, words, vectors, summary] };
}

/** The keys of a copy that is being made, in the slot of the session that it becomes. */
export function stagingKeys(keys: SessionKeys, copy: string): string[] {
  return [keys.messages, keys.meta, keys.turns, keys.blobs, keys.vectors].map((key) => `${key}:${copy}`);
}

/**
 * The keys of an owner's list of sessions, in a slot of their own.
 *
 * @example
 * console.log(indexKeys("chat_history", "alice")[0]); // chat_history:sessions:{alice}:used
 */
export function indexKeys(name: string, owner: string): string[] {
  const tag = `{${percentEncode(owner)}}`;
  // ZSET by time of last use, ZSET by time of expiry.
  return [`${name}:sessions:${tag}:used`, `${name}:sessions:${tag}:expires`];
}

/** HASH: session → bytes, beside the owner's list of sessions. */
export const quotaKey = (name: string, owner: string): string =>
  `${name}:sessions:{${percentEncode(owner)}}:bytes`;

/** HASH: an owner's notes, in the slot of the owner's list of sessions. */
export const notesKey = (name: string, owner: string): string => `${name}:notes:{${percentEncode(owner)}}`;

/**
 * Whose key this is, and of which session; null: of none, as a list of sessions and the notes are. The reverse of the
 * above.
 *
 * @example
 * console.log(parseKey("chat_history", "chat_history:{alice/session_1}:meta")?.sessionId); // session_1
 */
export function parseKey(name: string, key: string): { owner: string; sessionId: string | null } | null {
  if (!key.startsWith(`${name}:`)) return null;
  const rest = key.slice(name.length + 1);
  const listed = /^(?:sessions:\{([^{}/]*)\}:|notes:\{([^{}/]*)\}$)/.exec(rest);
  if (listed !== null) return { owner: percentDecode(listed[1] ?? listed[2] ?? ""), sessionId: null };
  const tag = /^\{([^{}]*)\}:/.exec(rest)?.[1];
  if (tag === undefined) return null;
  const slash = tag.indexOf("/");
  const owner = slash === -1 ? LOCAL_OWNER : percentDecode(tag.slice(0, slash));
  return { owner, sessionId: percentDecode(tag.slice(slash + 1)) };
}
