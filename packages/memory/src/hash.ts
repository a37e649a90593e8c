/**
 * SHA-1 and SHA-256 in plain JavaScript: the library runs where there is no Node.js, and the hashes of the web's
 * platform are asynchronous and take no streams.
 */

type State = Uint32Array<ArrayBuffer>;
type Compress = (state: State, block: DataView) => void;

const rotateLeft = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const rotateRight = (value: number, by: number): number => (value >>> by) | (value << (32 - by));

/** A hash over pieces. */
export interface Hash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

const BLOCK_BYTES = 64;

function hashOf(state: State, compress: Compress): Hash {
  const block = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(block.buffer);
  let length = 0;
  const update = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const filled = length % BLOCK_BYTES;
      const taken = bytes.subarray(at, at + BLOCK_BYTES - filled);
      block.set(taken, filled);
      at += taken.length;
      length += taken.length;
      if (length % BLOCK_BYTES === 0) compress(state, view);
    }
  };
  const digest = (): Uint8Array => {
    const bits = length * 8;
    const padding = new Uint8Array(((BLOCK_BYTES * 2 - 9 - (length % BLOCK_BYTES)) % BLOCK_BYTES) + 9);
    padding[0] = 0x80;
    const end = new DataView(padding.buffer);
    end.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
    end.setUint32(padding.length - 4, bits >>> 0);
    update(padding);
    const result = new DataView(new ArrayBuffer(state.length * 4));
    for (const [n, word] of state.entries()) result.setUint32(n * 4, word);
    return new Uint8Array(result.buffer);
  };
  return { update, digest };
}

// The words of a block, made longer. Not an array: what is read of one may be undefined.
const words = new DataView(new ArrayBuffer(80 * 4));
const word = (n: number): number => words.getInt32(n * 4);

function compressSha1(state: State, block: DataView): void {
  for (let n = 0; n < 16; n++) words.setInt32(n * 4, block.getInt32(n * 4));
  for (let n = 16; n < 80; n++) {
    words.setInt32(n * 4, rotateLeft(word(n - 3) ^ word(n - 8) ^ word(n - 14) ^ word(n - 16), 1));
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let n = 0; n < 80; n++) {
    let mixed = b ^ c ^ d;
    if (n < 20) mixed = (b & c) | (~b & d);
    else if (n >= 40 && n < 60) mixed = (b & c) | (b & d) | (c & d);
    const constant = n < 20 ? 0x5a827999 : n < 40 ? 0x6ed9eba1 : n < 60 ? 0x8f1bbcdc : 0xca62c1d6;
    const next = (rotateLeft(a, 5) + mixed + e + constant + word(n)) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }
  add(state, [a, b, c, d, e]);
}

function add(state: State, values: readonly number[]): void {
  for (const [n, value] of values.entries()) state[n] = (state[n] as number) + value;
}

// The first 32 bits of the fractional parts of the square roots and cube roots of the first primes.
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => n > 1 && isPrime(n));
function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
const fraction = (value: number): number => ((value % 1) * 2 ** 32) >>> 0;
const ROUNDS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START_SHA256 = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const START_SHA1 = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

function compressSha256(state: State, block: DataView): void {
  for (let n = 0; n < 16; n++) words.setInt32(n * 4, block.getInt32(n * 4));
  for (let n = 16; n < 64; n++) {
    const before = word(n - 15);
    const last = word(n - 2);
    const small0 = rotateRight(before, 7) ^ rotateRight(before, 18) ^ (before >>> 3);
    const small1 = rotateRight(last, 17) ^ rotateRight(last, 19) ^ (last >>> 10);
    words.setInt32(n * 4, word(n - 16) + small0 + word(n - 7) + small1);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let n = 0; n < 64; n++) {
    const large1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
    const first = (h + large1 + ((e & f) ^ (~e & g)) + (ROUNDS[n] as number) + word(n)) | 0;
    const large0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
    const second = (large0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  add(state, [a, b, c, d, e, f, g, h]);
}

// Of Node.js, Bun and Deno: several times faster. Not imported, so that a bundle for the edge has no import of it.
const native = globalThis.process?.getBuiltinModule?.("node:crypto");

/** Begins a SHA-256. */
export const sha256 = (): Hash => native?.createHash("sha256") ?? plainSha256();

/** Returns the SHA-1 of a text in UTF-8 in hexadecimal digits, as Redis names a script. */
export const sha1 = (text: string): string =>
  native?.createHash("sha1").update(text).digest("hex") ?? plainSha1(text);

/** Begins a SHA-256 without Node.js. */
export const plainSha256 = (): Hash => hashOf(Uint32Array.from(START_SHA256), compressSha256);

/** Returns the SHA-1 without Node.js. */
export function plainSha1(text: string): string {
  const hash = hashOf(Uint32Array.from(START_SHA1), compressSha1);
  hash.update(new TextEncoder().encode(text));
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
