const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Random digits and letters. `crypto.randomUUID` is not used: over plain HTTP in a LAN it does not exist. */
export function randomBase36(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length * 2));
  let text = "";
  for (let i = 0; i < length; i++) {
    const number = (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0);
    text += DIGITS[number % DIGITS.length];
  }
  return text;
}

/** `session_1732264800000_k3j9x2m1q`: when it was made, and nine random characters. */
export function newSessionId(now = Date.now()): string {
  return `session_${now}_${randomBase36(9)}`;
}

export const sessionLink = (id: string): string => `#/s/${encodeURIComponent(id)}`;
