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
/** A summary is in the third person. These phrases command its reader, in the languages of `DECLINES`. */
const INSTRUCTS = [
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules?|previous|above|earlier)\b|\b(?:system|developer)[ -]?prompt|\byou (?:must|should|shall|are now|will|have to)\b/iu,
  /(?<!\p{L})(?:(?:ignorier|missacht|umgeh|überschreib)(?:e|en)?|vergiss|vergessen sie)(?!\p{L})[^.\n]{0,40}(?:anweisung|prompt|regel|vorgabe|bisherig|vorherig)|(?:anweisung|prompt|regel|vorgabe)[^.\n]{0,20}\b(?:ignorieren|missachten|vergessen)\b|\bdu (?:musst|sollst|solltest|wirst|bist (?:jetzt|nun|ab))\b/iu,
  /\b(?:ignore|oublie|contourne)[rz]?\b[^.\n]{0,40}(?:instruction|consigne|règle|prompt|précédent)|\b(?:tu (?:dois|devrais|es (?:maintenant|désormais))|vous (?:devez|devriez|êtes (?:maintenant|désormais)))(?!\p{L})/iu,
  /\b(?:ignor|olvid|omit)(?:a|e|es|ad|en)\b[^.\n]{0,40}(?:instrucci|indicaci|regla|prompt|anterior|previ)|(?<!\p{L})(?:debes|deberías|tienes que|ahora eres)(?!\p{L})/iu,
  /(?:指示|命令|プロンプト|ルール|規則)[^。\n]{0,20}(?:無視|忘れ)(?:しろ|せよ|ろ|し?て(?:ください|下さい|[。！\n]|$))|システムプロンプト|あなたは[^。\n]{0,40}(?:なければ|べき|ください|下さい)/u,
  /^\W*(?:system|système|sistema|developer|entwickler\w*|assistante?|assistent\w*|asistente|user|nutzer\w*|benutzer\w*|utilisat\w+|usuari[oa]|システム|ユーザー|アシスタント)\s*[:：]/imu,
];

/** So many words in a row are copied, not summed up. */
const COPIED_WORDS = 12;

/** Returns why a text must not be stored as a summary of its source; undefined: it can be stored. */
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
  if (INSTRUCTS.some((pattern) => pattern.test(text))) return "instructs";
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

/** The two speakers, in English and in German. The feminine forms ("Nutzerin") have the same first letters. */
const SPEAKERS = ["user", "assistant", "i", "nutzer", "benutzer", "assistent"];
/** Words that are frequent in German and rare in other languages. */
const GERMAN = new Set(
  "aber auch auf dass dem den der das ein eine einen einer für ich ist mit nicht sich sie und von wie zum zur".split(
    " ",
  ),
);
/** In German about a quarter of the words are of these. Half of it: a conversation in two languages. */
const MIN_GERMAN_SHARE = 0.08;

/** A capitalized word that does not begin a sentence. */
const NAME = /(?<=\p{L}.*[^\p{L}\p{N}])\p{Lu}[\p{L}\p{M}]*/gsu;
/**
 * True if a text has a number or a name that its source lacks. A name is found by its first letters, as a word of a search is.
 * In German only numbers are compared: it capitalizes all nouns, and "nach Berlin" looks like "nach Hause".
 */
function invents(sentences: readonly string[], source: string): boolean {
  const numbers = new Set(source.match(/\p{N}+/gu));
  const known = new Set([...wordsOf(source), ...SPEAKERS].map(stemOf));
  const hasNames = !isGerman(source);
  return sentences.some(
    (sentence) =>
      sentence.match(/\p{N}+/gu)?.some((number) => !numbers.has(number)) ||
      (hasNames && wordsOf(sentence.match(NAME)?.join(" ") ?? "").some((word) => !known.has(stemOf(word)))),
  );
}

function isGerman(source: string): boolean {
  const words = wordsOf(source);
  return words.filter((word) => GERMAN.has(word)).length > words.length * MIN_GERMAN_SHARE;
}

const stemOf = (word: string): string => [...word].slice(0, 4).join("");
