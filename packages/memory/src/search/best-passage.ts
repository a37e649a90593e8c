import type { Item } from "../history/item.ts";
import type { SearchHit } from "./search-session.ts";
import { termsOf } from "./terms.ts";

/** A part of an item's text. */
export interface Passage {
  /** The item's index in its session. */
  readonly index: number;
  /** The first character of its content, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** An item whose content is only a passage. */
export interface CutItem {
  readonly item: Item;
  readonly passage: Passage;
  readonly tokens: number;
}

/** A passage may have this part of all tokens, and so many in any case. */
const SHARE = 1 / 4;
const MIN_TOKENS = 120;
/** What is behind so many characters of a text is not looked at. */
const MAX_CHARACTERS = 16_384;
/** A sentence, or as much of a longer one; a line ends one, too. */
const SENTENCE = /[^.!?。！？\n]{1,400}[.!?。！？]*\s*|[.!?。！？\s]+/gu;

interface Sentence {
  readonly from: number;
  readonly to: number;
  /** Terms of the query that it has; none if it is longer than a passage. */
  readonly found: ReadonlySet<string>;
}

interface Found extends Passage {
  readonly item: Item;
}

/**
 * Returns the sentences in a row that have most of the query's words, of the message in a turn that has most of them:
 * for a turn that is longer than all that may be returned. Undefined: none has one, or not even one sentence fits.
 * @param terms words of the query and its context that the turn has
 * @param left tokens that are left of `maxTokens`
 */
export function bestPassage(
  items: ReadonlyMap<number, Item>,
  terms: SearchHit["terms"],
  { maxTokens, left }: { readonly maxTokens: number; readonly left: number },
  countTokens: (item: Item) => number,
): CutItem | undefined {
  const room = Math.min(left, Math.max(maxTokens * SHARE, MIN_TOKENS));
  const weights = new Map(terms.map(({ term, weight }) => [termsOf(term)[0]?.hash ?? "", weight]));
  let best: Found | undefined;
  let bestWeight = 0;
  for (const [index, item] of items) {
    // A call and its output stay together, so they are not cut.
    if (item.type !== undefined || item.toolCalls !== undefined || item.toolCallId !== undefined) continue;
    // As if each character were as many tokens: the exact count decides at the end.
    const characters = (room * item.content.length) / Math.max(1, countTokens(item));
    const sentences = sentencesOf(item.content, characters, weights);
    for (const [first, { from, found }] of sentences.entries()) {
      if (found.size === 0) continue;
      const { to, weight } = longest(sentences, first, from + characters, weights);
      if (weight > bestWeight && to > from) {
        bestWeight = weight;
        best = { index, item, from, to };
      }
    }
  }
  return best && cut(best, room, countTokens);
}

function sentencesOf(content: string, characters: number, weights: ReadonlyMap<string, number>): Sentence[] {
  const text = content.slice(0, MAX_CHARACTERS);
  return Array.from(text.matchAll(SENTENCE), ({ 0: sentence, index: from }) => {
    const terms = sentence.length > characters ? [] : termsOf(sentence);
    const found = new Set(terms.flatMap(({ hash }) => (weights.has(hash) ? hash : [])));
    return { from, to: from + sentence.length, found };
  });
}

/** As many sentences from the first one on as end before a character, and how much their words weigh together. */
function longest(
  sentences: readonly Sentence[],
  first: number,
  end: number,
  weights: ReadonlyMap<string, number>,
): { readonly to: number; readonly weight: number } {
  const found = new Set<string>();
  let to = 0;
  for (const sentence of sentences.slice(first)) {
    if (sentence.to > end) break;
    to = sentence.to;
    for (const hash of sentence.found) found.add(hash);
  }
  return { to, weight: [...found].reduce((sum, hash) => sum + (weights.get(hash) ?? 0), 0) };
}

/** Takes words from the end until the passage fits. */
function cut(
  { index, item, from, to }: Found,
  room: number,
  countTokens: (item: Item) => number,
): CutItem | undefined {
  for (let end = to; end > from; end = from + Math.floor((end - from) * 0.8)) {
    // Not half of a character that is a surrogate pair.
    const content = item.content
      .slice(from, end)
      .replace(/[\ud800-\udbff]$/, "")
      .trimEnd();
    const cutItem: Item = { ...item, content };
    const tokens = countTokens(cutItem);
    if (tokens <= room) return { item: cutItem, passage: { index, from, to: from + content.length }, tokens };
  }
  return undefined;
}
