// Node.js, Bun and Deno have it, and it is faster.
const native = globalThis.Buffer as typeof Buffer | undefined;

/** Bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  if (native) return native.byteLength(text);
  return new TextEncoder().encode(text).length;
}

export function toBase64(bytes: Uint8Array): string {
  if (native) return native.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  let binary = "";
  // As many arguments as any engine takes.
  for (let at = 0; at < bytes.length; at += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(binary);
}

/** The variant for URLs, without padding. */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

export function fromBase64(text: string): Uint8Array {
  if (native) return new Uint8Array(native.from(text, "base64"));
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
