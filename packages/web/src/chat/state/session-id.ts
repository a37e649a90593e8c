const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Returns random digits and letters. `crypto.randomUUID` does not exist over plain HTTP in a LAN. */
export function randomBase36(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length * 2));
  let text = "";
  for (let i = 0; i < length; i++) {
    const number = (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0);
    text += DIGITS[number % DIGITS.length];
  }
  return text;
}

/** Returns `session_1732264800000_k3j9x2m1q`: the creation time and nine random characters. */
export function newSessionId(now = Date.now()): string {
  return `session_${now}_${randomBase36(9)}`;
}

/** What a session belongs to, at the end of its id: so every browser and device shows the group. */
export type SessionGroup = `${"tour" | "compare"}-${string}`;

export const newGroup = (kind: "tour" | "compare"): SessionGroup => `${kind}-${randomBase36(6)}`;

/** Returns the id of a new session of a group. */
export const newSessionIdIn = (group: SessionGroup): string => `${newSessionId()}_${group}`;

/** Returns the group of a session; null: it has none. */
export const groupOf = (sessionId: string): SessionGroup | null =>
  (/_((?:tour|compare)-[0-9a-z]{6})$/.exec(sessionId)?.[1] as SessionGroup | undefined) ?? null;

const CONTROL = "\\u0000-\\u001f\\u007f-\\u009f";
const SESSION_ID = new RegExp(`^[^${CONTROL}]{1,128}$`);

/** True for an id that the server accepts: 1–128 characters, none of them a control character, not "." or "..". */
export const isSessionId = (id: string): boolean =>
  SESSION_ID.test(id) && id.isWellFormed() && id !== "." && id !== "..";

export const sessionLink = (id: string): string => `#/s/${encodeURIComponent(id)}`;
