import { setImmediate } from "node:timers/promises";

type Tokenizer = typeof import("gpt-tokenizer/encoding/o200k_base");

/** What a person writes that looks like a control token (`<|endoftext|>`) is text, and counted as such. */
const AS_TEXT = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
/** The tokenizer's time grows with the square of a run of characters without a space: a run is cut here. */
const MAX_RUN_CHARS = 1000;
/** Runs that the tokenizer remembers; its own limit would let them grow to hundreds of megabytes. */
const REMEMBERED_RUNS = 2000;
/** So much is counted in one go, some 20 ms at worst; then others have their turn. */
const AT_ONCE_CHARS = 4_000;

let tokenizer: Tokenizer | undefined;

/**
 * Tokens of each text by o200k_base, the encoding of all of OpenAI's models since GPT-4o; exact but for texts
 * with more than 1,000 characters without a space, which may be counted one token more for each 1,000.
 * The first call loads the encoding (2.4 MB of code) and returns a promise, later ones count at once what is not long.
 */
export function countTokens(texts: readonly string[]): number[] | Promise<number[]> {
  if (tokenizer !== undefined) return countAll(tokenizer, texts);
  return import("gpt-tokenizer/encoding/o200k_base").then((loaded) => {
    loaded.setMergeCacheSize(REMEMBERED_RUNS);
    tokenizer = loaded;
    return countAll(loaded, texts);
  });
}

function countAll({ countTokens }: Tokenizer, texts: readonly string[]): number[] | Promise<number[]> {
  const count = (part: string): number => countTokens(part, AS_TEXT);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > AT_ONCE_CHARS) return countWithPauses(count, texts);
  return texts.map((text) => {
    let tokens = 0;
    for (const part of parts(text)) tokens += count(part);
    return tokens;
  });
}

async function countWithPauses(count: (part: string) => number, texts: readonly string[]): Promise<number[]> {
  const counts: number[] = [];
  let sincePause = 0;
  for (const text of texts) {
    let tokens = 0;
    for (const part of parts(text)) {
      tokens += count(part);
      sincePause += part.length;
      if (sincePause < AT_ONCE_CHARS) continue;
      sincePause = 0;
      await setImmediate();
    }
    counts.push(tokens);
  }
  return counts;
}

/** A token never goes over the beginning of a space before a word: cut there, the parts count like the whole. */
function* parts(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > MAX_RUN_CHARS) {
    const run = text.slice(start, start + MAX_RUN_CHARS + 1);
    const space = run.lastIndexOf(" ");
    const end = space > 0 ? space : MAX_RUN_CHARS;
    yield run.slice(0, end);
    start += end;
  }
  yield text.slice(start);
}
