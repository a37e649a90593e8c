/** What a text consists of, as far as it matters for its tokens. */
export const KINDS = [
  "words",
  "letters",
  "digits",
  "digitGroups",
  "punctuation",
  "spaces",
  "spacesBeforeDigits",
  "accents",
  "cyrillicWords",
  "cyrillicLetters",
  "kana",
  "han",
  "hangul",
  "otherLetters",
  "emoji",
  "symbols",
] as const;
export type Kind = (typeof KINDS)[number];

/** How often each kind occurs, in the order of `KINDS`. A typed array of this size would be allocated outside the heap. */
export type Composition = number[];

const LETTER = 1;
const DIGIT = 2;
const SPACE = 3;
const BREAK = 4;
const PUNCTUATION = 5;
const ACCENT = 6;
const CYRILLIC = 7;
const KANA = 8;
const HAN = 9;
const HANGUL = 10;
const OTHER = 11;
const EMOJI = 12;
const SYMBOL = 13;

/** The classes of the first 0x600 characters. */
const CLASSES = Uint8Array.from({ length: 0x600 }, (_, code) => smallClass(code));

function smallClass(code: number): number {
  if (code === 0x20) return SPACE;
  if (code <= 0x20) return BREAK;
  if (code >= 0x30 && code <= 0x39) return DIGIT;
  if ((code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) return LETTER;
  if (code < 0x80) return PUNCTUATION;
  if (code < 0xc0 || code === 0xd7 || code === 0xf7) return SYMBOL;
  if (code < 0x250) return ACCENT;
  if (code < 0x370) return SYMBOL;
  return code >= 0x400 && code < 0x530 ? CYRILLIC : OTHER;
}

function classOf(code: number): number {
  if (code < 0x600) return CLASSES[code] ?? OTHER;
  if (code >= 0x3040 && code <= 0x30ff) return KANA;
  if ((code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)) return HAN;
  if ((code >= 0xac00 && code <= 0xd7a3) || (code >= 0x1100 && code <= 0x11ff)) return HANGUL;
  // A surrogate pair is counted by its first half.
  if (code >= 0xd800 && code <= 0xdbff) return EMOJI;
  if (code >= 0x2000 && code <= 0x303f) return SYMBOL;
  if (code >= 0xfe00 && code <= 0xffef) return SYMBOL;
  return OTHER;
}

export const newComposition = (): Composition => new Array<number>(KINDS.length).fill(0);

/** Adds what another text consists of. */
export function addComposition(to: Composition, other: Composition): void {
  for (let kind = 0; kind < to.length; kind++) to[kind] = (to[kind] ?? 0) + (other[kind] ?? 0);
}

/** Adds a text to a composition. @param from of what stands before, only the last character is looked at */
export function addText(to: Composition, text: string, from = 0): void {
  const { length } = text;
  let before = from === 0 ? 0 : classOf(text.charCodeAt(from - 1));
  let digits = 0;
  let letters = 0;
  let words = 0;
  for (let at = from; at < length; at++) {
    const code = text.charCodeAt(at);
    // The second half of a surrogate pair was counted with the first.
    if (code >= 0xdc00 && code <= 0xdfff) continue;
    const current = classOf(code);
    const pair = before * CLASS_COUNT + current;
    increment(to, COUNTED_AS[pair]);
    increment(to, BEGINS[pair]);
    // Many tokenizers take digits by threes.
    digits = current === DIGIT ? digits + 1 : 0;
    if (digits % 3 === 1) increment(to, DIGIT_GROUPS);
    before = current;
    if (current !== LETTER) continue;
    // Most characters are letters behind letters, or begin a word behind a space, which counts as nothing.
    for (; at + 1 < length; at++) {
      if (isLetter(text.charCodeAt(at + 1))) letters++;
      else if (text.charCodeAt(at + 1) === 0x20 && at + 2 < length && isLetter(text.charCodeAt(at + 2))) {
        at++;
        letters++;
        words++;
      } else break;
    }
  }
  increment(to, LETTERS, letters);
  increment(to, WORDS, words);
}

/** True for a to z and A to Z. */
const isLetter = (code: number): boolean => {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
};

function increment(composition: Composition, at = NONE, by = 1): void {
  if (at !== NONE) composition[at] = (composition[at] ?? 0) + by;
}

const CLASS_COUNT = 14;
const NONE = 255;
const LETTERS = KINDS.indexOf("letters");
const WORDS = KINDS.indexOf("words");
const DIGIT_GROUPS = KINDS.indexOf("digitGroups");

/** What is counted for each pair of a class and the one before it, as a place in `KINDS` or `NONE`. */
const COUNTED_AS = tableOfPairs(kindOf);
const BEGINS = tableOfPairs(beginningOf);

function tableOfPairs(find: (current: number, before: number) => Kind | null): Uint8Array {
  return Uint8Array.from({ length: CLASS_COUNT * CLASS_COUNT }, (_, pair) => {
    const kind = find(pair % CLASS_COUNT, Math.floor(pair / CLASS_COUNT));
    return kind === null ? NONE : KINDS.indexOf(kind);
  });
}

/** What begins with a character. */
function beginningOf(current: number, before: number): Kind | null {
  if (current === LETTER && before !== LETTER && before !== ACCENT) return "words";
  if (current === CYRILLIC && before !== CYRILLIC) return "cyrillicWords";
  // The space before a word is part of the word's token, the one before a number is not.
  return current === DIGIT && before === SPACE ? "spacesBeforeDigits" : null;
}

/** What a character is counted as; null if it belongs to the one before or behind it. */
function kindOf(current: number, before: number): Kind | null {
  switch (current) {
    case LETTER:
      return "letters";
    case DIGIT:
      return "digits";
    case PUNCTUATION:
      return before === PUNCTUATION ? null : "punctuation";
    case SPACE:
      return before === SPACE ? "spaces" : null;
    case BREAK:
      return before === BREAK ? null : "spaces";
    case ACCENT:
      return "accents";
    case CYRILLIC:
      return "cyrillicLetters";
    case KANA:
      return "kana";
    case HAN:
      return "han";
    case HANGUL:
      return "hangul";
    case EMOJI:
      return "emoji";
    case SYMBOL:
      return "symbols";
    default:
      return "otherLetters";
  }
}
