// Text as people write it: letters that repeat compress, and are counted in tokens, as no message is.
const WORDS =
  `the of and to a in is it you that was for on are with as I his they be at one have this from or had by
hot but some what there we can out other were all your when up use how said an each she which do their time if will way
about many then them would write like so these her long make thing see him two has look more day could go come did
sound no most people my over know water than call first who may down side been now find any new work part take get
place made live where after back little only round man year came show every good me give our under name very through
just form much great think say help low line before turn cause same mean differ move right boy old too does tell
sentence set three want air well also play small end put home read hand port large spell add even land here must big
high such follow act why ask men change went light kind off need house picture try us again animal point mother world
near build self earth father memory session provider context window tokens answer question remember earlier`.split(
    /\s+/,
  );
const MESSAGES = 256;
const BYTES = 200;

/** Returns numbers from 0 to 1 that are the same in each run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns sentences of so many bytes, all ASCII. Frequent words are frequent. */
export function textOf(bytes: number, seed: number): string {
  const random = randomNumbers(seed);
  let text = "";
  for (let word = 0; text.length < bytes; word++) {
    const next = WORDS[Math.floor(WORDS.length * random() ** 3)] ?? "";
    const isFirst = word % 9 === 0;
    text += isFirst ? `${next[0]?.toUpperCase()}${next.slice(1)}` : next;
    text += word % 9 === 8 ? ". " : " ";
  }
  return `${text.slice(0, bytes - 1)}.`;
}

const messages = Array.from({ length: MESSAGES }, (_, seed) => textOf(BYTES, seed));

/** Returns the message of 200 bytes that a client sends in a turn. */
export const messageOf = (client: number, turn: number): string =>
  messages[(client * 17 + turn) % MESSAGES] ?? "";
