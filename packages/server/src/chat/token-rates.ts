import { type Composition, KINDS, type Kind } from "./text-composition.ts";

/** Tokens of each kind of character, word or run. */
export type TokenRates = Float64Array;

type Rates = Readonly<Record<Kind, number>>;

/**
 * Fitted to texts of 16 kinds (prose in 15 languages, code, JSON, numbers, emoji), counted by the tokenizers of
 * Llama 3.1, Qwen 3, Gemma 3 and Mistral 7B.
 */
const FAMILIES: readonly (readonly [names: RegExp, rates: Rates])[] = [
  [
    /qwen|qwq|deepseek|glm|kimi|minimax/i,
    {
      words: 0.01,
      letters: 0.27,
      digits: 0.92,
      digitGroups: 0.77,
      punctuation: 0.74,
      spaces: 0.01,
      spacesBeforeDigits: 0.56,
      accents: 1.25,
      cyrillicWords: 2.06,
      cyrillicLetters: 0.07,
      kana: 0.69,
      han: 0.63,
      hangul: 0.89,
      otherLetters: 0.58,
      emoji: 1.36,
      symbols: 0.4,
    },
  ],
  [
    /gemma|gemini|nemo|pixtral|ministral|tekken/i,
    {
      words: 0.3,
      letters: 0.19,
      digits: 0.95,
      digitGroups: 0.41,
      punctuation: 1.06,
      spaces: 0.21,
      spacesBeforeDigits: 0.58,
      accents: 0.25,
      cyrillicWords: 1.39,
      cyrillicLetters: 0.03,
      kana: 0.4,
      han: 0.52,
      hangul: 0.71,
      otherLetters: 0.38,
      emoji: 0.81,
      symbols: 1.71,
    },
  ],
  [
    /mistral|mixtral|zephyr|llama-?2|codellama|tinyllama|vicuna|phi-?3|solar|yi\b/i,
    {
      words: 0.27,
      letters: 0.22,
      digits: 0.92,
      digitGroups: 0.6,
      punctuation: 0.98,
      spaces: 0.24,
      spacesBeforeDigits: 0.52,
      accents: 2.68,
      cyrillicWords: 1.06,
      cyrillicLetters: 0.26,
      kana: 1.11,
      han: 1.03,
      hangul: 1.44,
      otherLetters: 1.15,
      emoji: 3.3,
      symbols: 1.31,
    },
  ],
  [
    /./,
    {
      words: 0.01,
      letters: 0.26,
      digits: 0.01,
      digitGroups: 1.52,
      punctuation: 0.77,
      spaces: 0.04,
      spacesBeforeDigits: 0.57,
      accents: 1.5,
      cyrillicWords: 1.98,
      cyrillicLetters: 0.01,
      kana: 0.65,
      han: 0.77,
      hangul: 0.82,
      otherLetters: 0.53,
      emoji: 2.94,
      symbols: 0.92,
    },
  ],
];

/** The rates that a model's family starts with; those of Llama 3 for an unknown one, which are in the middle. */
export function initialRates(modelName: string): TokenRates {
  const rates = FAMILIES.find(([names]) => names.test(modelName))?.[1];
  return Float64Array.from(KINDS, (kind) => rates?.[kind] ?? 0);
}

/** Tokens of a text, or of several that were added up. */
export function tokensOf(composition: Composition, rates: TokenRates): number {
  let tokens = 0;
  for (let kind = 0; kind < rates.length; kind++) tokens += (composition[kind] ?? 0) * (rates[kind] ?? 0);
  return tokens;
}

/** How much of an error is corrected at once: contexts differ. */
const STEP = 0.6;
/** No rate moves further than this from where it started: a wrong report must not unsettle everything. */
const MAX_CHANGE = 3;

/**
 * Returns rates that are nearer to what a provider has read. Each kind is corrected by its share of the estimate, so
 * that a table of numbers teaches nothing about prose.
 */
export function correctedRates(
  rates: TokenRates,
  initial: TokenRates,
  composition: Composition,
  read: number,
): TokenRates {
  const estimate = tokensOf(composition, rates);
  if (estimate <= 0 || read <= 0) return rates;
  const ratio = Math.min(2, Math.max(0.5, read / estimate));
  return rates.map((rate, kind) => {
    const share = ((composition[kind] ?? 0) * rate) / estimate;
    const start = initial[kind] ?? 0;
    const corrected = rate * (1 + STEP * share * (ratio - 1));
    return Math.min(start * MAX_CHANGE, Math.max(start / MAX_CHANGE, corrected));
  });
}
