import { wordsOf } from "../search/terms.ts";
import type { SummaryRefusal } from "./session-summary.ts";

/** What a summary was made of. */
export interface SummarySource {
  /** The conversation, as the model was sent it. */
  readonly conversation: string;
  /** The summary of what precedes it; empty: nothing does. */
  readonly previous: string;
}

interface Limits {
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

const DECLINES =
  /^\W*(?:(?:i['’]?m|i am) (?:so )?sorry|sorry\b|i (?:cannot|can['’]?t|am unable|am not able|won['’]?t)\b|as an ai\b|unfortunately,? i\b|es tut mir leid|ich kann (?:das |dies |dabei |hier )?nicht|(?:je suis )?désolé|lo siento|申し訳)/iu;
/** Tags, tokens of chat templates, code, JSON. */
const MARKUP = /<[/|!]?[a-z_]|\|>|```|\[\/?[A-Z_]{3,}\]|^\s*[[{]\s*["{[]/imu;
/** A summary tells of people in the third person: what commands its reader is none. */
const INSTRUCTS =
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules?|previous|above|earlier)\b|\bsystem prompt\b|\byou (?:must|should|shall|are now|will|have to)\b|^\W*(?:system|developer|assistant|user)\s*:/imu;

/** So many words in a row are copied, not summed up. */
const COPIED_WORDS = 12;

/** Why a text is not kept as a summary of its source; undefined: it is. */
export function refusalOf(
  text: string,
  { conversation, previous }: SummarySource,
  { maxTokens, countTokens }: Limits,
): SummaryRefusal | undefined {
  if (text.trim() === "") return "empty";
  const source = `${previous}\n${conversation}`;
  if (countTokens(text) > Math.min(maxTokens, countTokens(source) / 2)) return "too_long";
  if (DECLINES.test(text)) return "declined";
  if (MARKUP.test(text)) return "markup";
  if (INSTRUCTS.test(text)) return "instructs";
  const sentences = sentencesOf(text);
  if (new Set(sentences.map((sentence) => wordsOf(sentence).join(" "))).size < sentences.length) {
    return "repeats";
  }
  // A summary may go on as the previous one did.
  const copied = runsOf(wordsOf(conversation));
  if ([...runsOf(wordsOf(text))].some((run) => copied.has(run))) return "copies";
  return invents(sentences, source) ? "invents" : undefined;
}

/** Those with words. */
const sentencesOf = (text: string): string[] =>
  text.split(/[.!?]+(?=\s|$)|[。！？\n]+/u).filter((sentence) => wordsOf(sentence).length > 0);

/** All runs of words that are long enough to be copied. */
function runsOf(words: readonly string[]): Set<string> {
  const runs = new Set<string>();
  for (let n = COPIED_WORDS; n <= words.length; n++) runs.add(words.slice(n - COPIED_WORDS, n).join(" "));
  return runs;
}

/** The two speakers, as the conversation is quoted. */
const SPEAKERS = ["user", "assistant", "i"];

/**
 * True if a text has a number or a name that its source lacks. A name is a capitalized word that does not begin a sentence, and
 * is found by its first letters, as a word of a search is.
 */
function invents(sentences: readonly string[], source: string): boolean {
  const numbers = new Set(source.match(/\p{N}+/gu));
  const known = new Set([...wordsOf(source), ...SPEAKERS].map(stemOf));
  return sentences.some((sentence) => {
    const names = [...sentence.matchAll(/(?<=\p{L}.*[^\p{L}\p{N}])\p{Lu}[\p{L}\p{M}]*/gsu)];
    return (
      sentence.match(/\p{N}+/gu)?.some((number) => !numbers.has(number)) ||
      names.some(([name]) => wordsOf(name).some((word) => !known.has(stemOf(word))))
    );
  });
}

const stemOf = (word: string): string => [...word].slice(0, 4).join("");
