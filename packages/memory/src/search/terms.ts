import type { NewItem } from "../history/item.ts";
import { isStopWord } from "./stop-words.ts";

/** A word of a text, and the term that it is found by. */
export interface Term {
  /** As it stands in the text, in lower case. */
  readonly word: string;
  /** 24 bits of a hash of the word's first four letters, as four characters of Base64. */
  readonly hash: string;
}

// More would make a search as slow as reading the texts.
export const MAX_TERMS = 255;
// So many characters have MAX_TERMS words in any language that people write.
const MAX_CHARACTERS = 16_384;

const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are part of ASCII.
const ASCII = /^[\x00-\x7f]*$/;
const ASCII_WORD = /[a-z0-9]+/g;
/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
let segmenter: Intl.Segmenter | undefined;

/**
 * Returns the terms of a text: its first words without stop words. A term is the beginning of a word, so that
 * "likes" and "liked" are one; no language is guessed.
 */
export function termsOf(text: string, most = MAX_TERMS): Term[] {
  const terms: Term[] = [];
  for (const word of wordsOf(text.slice(0, MAX_CHARACTERS))) {
    if (isStopWord(word)) continue;
    terms.push({ word, hash: hashOf(word) });
    if (terms.length === most) break;
  }
  return terms;
}

/** A term that is searched for. */
export interface QueryTerm extends Term {
  /** True: it stands in what was said before the query, not in the query. */
  readonly isContext: boolean;
}

/** The terms of a query, and those of its context that it lacks. Of a query without terms, its context is the query. */
export function queryTerms(query: string, context = ""): QueryTerm[] {
  const own = termsOf(query);
  if (own.length === 0 && context !== "") return queryTerms(context);
  const hashes = new Set(own.map(({ hash }) => hash));
  const others = termsOf(context).filter(({ hash }) => !hashes.has(hash));
  return [
    ...own.map((term) => ({ ...term, isContext: false })),
    ...others.map((term) => ({ ...term, isContext: true })),
  ];
}

/** The words of a text in lower case. A text without other scripts is read without what only they need. */
export function wordsOf(text: string): readonly string[] {
  if (ASCII.test(text)) return text.toLowerCase().match(ASCII_WORD) ?? [];
  const lower = text.normalize("NFKC").toLowerCase();
  const runs = lower.match(WORD) ?? [];
  return UNSPACED.test(lower) ? runs.flatMap((run) => (UNSPACED.test(run) ? segment(run) : run)) : runs;
}

function segment(run: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "word" });
  return Array.from(segmenter.segment(run), ({ segment }) => segment);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** FNV-1a over the first four letters, folded to 24 bits. */
function hashOf(word: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0, letters = 0; at < word.length && letters < 4; letters++) {
    const code = word.codePointAt(at) ?? 0;
    hash = Math.imul(hash ^ code, 0x01000193);
    at += code > 0xffff ? 2 : 1;
  }
  const folded = (hash >>> 24) ^ (hash & 0xffffff);
  let encoded = "";
  for (let shift = 18; shift >= 0; shift -= 6) encoded += ALPHABET[(folded >>> shift) & 63];
  return encoded;
}

/** What is stored of an item's terms: `u` for a user's message, which begins a turn, or `a`; and their hashes. */
export function encodeTerms(item: Pick<NewItem, "role" | "type" | "content" | "toolCalls">): string {
  const { role, type, content = item.toolCalls?.[0]?.arguments ?? "" } = item;
  // Reasoning is not recalled.
  const terms = type === "reasoning" ? [] : termsOf(content);
  return (role === "user" ? "u" : "a") + terms.map(({ hash }) => hash).join("");
}

/** The terms of several items, as the scripts take them. */
export const encodeAllTerms = (items: readonly NewItem[]): string => items.map(encodeTerms).join(" ");

// By the character's code; NOT_A_DIGIT for all that are not in the alphabet.
const NOT_A_DIGIT = 64;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (const [value, character] of [...ALPHABET].entries()) DIGITS[character.charCodeAt(0)] = value;

const digit = (text: string, at: number): number => DIGITS[text.charCodeAt(at)] ?? NOT_A_DIGIT;

/** The hash in a text as a number; -1: these four characters are none. */
export function numberOf(text: string, at = 0): number {
  const [a, b, c, d] = [digit(text, at), digit(text, at + 1), digit(text, at + 2), digit(text, at + 3)];
  return (a | b | c | d) >= NOT_A_DIGIT ? -1 : (a << 18) | (b << 12) | (c << 6) | d;
}

/**
 * Adds the hashes of an entry to a list, as numbers. False, and nothing is added, for the entry of an item that was
 * changed by a process that does not store terms, and for a damaged one.
 */
export function decodeTerms(entry: string, hashes: number[]): boolean {
  const { length } = entry;
  const isEntry =
    (entry.startsWith("u") || entry.startsWith("a")) && length % 4 === 1 && length <= 1 + 4 * MAX_TERMS;
  if (!isEntry) return false;
  const before = hashes.length;
  for (let at = 1; at < length; at += 4) {
    const number = numberOf(entry, at);
    if (number < 0) {
      hashes.length = before;
      return false;
    }
    hashes.push(number);
  }
  return true;
}
