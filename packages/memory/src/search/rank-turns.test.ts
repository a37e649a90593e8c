import fc from "fast-check";
import { expect, test } from "vitest";
import { rankTurns } from "./rank-turns.ts";
import { TermIndex } from "./term-index.ts";
import { encodeTerms, queryTerms } from "./terms.ts";

const WORDS = ["apple", "brick", "cloud", "dream", "eagle"];
const words = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 });
const item = fc.record({ role: fc.constantFrom("user" as const, "assistant" as const), words });
type Items = readonly { readonly role: "user" | "assistant"; readonly words: readonly string[] }[];

/** BM25 and the halves of the neighbours' scores, turn by turn, in the order that rounds as the ranking does. */
function plainScores(items: Items, query: readonly string[]): { scores: number[]; found: string[][] } {
  const turns: string[][] = [];
  for (const { role, words } of items) {
    if (role === "user" || turns.length === 0) turns.push([]);
    turns.at(-1)?.push(...words);
  }
  const mean = turns.flat().length / Math.max(1, turns.length);
  const own = turns.map(() => 0);
  for (const word of query) {
    const count = turns.filter((turn) => turn.includes(word)).length;
    const rarity = Math.log(1 + (turns.length - count + 0.5) / (count + 0.5));
    for (const [n, turn] of turns.entries()) {
      const times = turn.filter((one) => one === word).length;
      if (times === 0) continue;
      own[n] = (own[n] ?? 0) + (rarity * 2.2 * times) / (times + 1.2 * (0.25 + (0.75 * turn.length) / mean));
    }
  }
  return {
    scores: own.map((score, n) => score + 0.5 * ((own[n - 1] ?? 0) + (own[n + 1] ?? 0))),
    found: turns.map((turn) => query.filter((word) => turn.includes(word))),
  };
}

test("ranks the turns of a range as a plain computation does, and of equal ones the newest first", () => {
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 200 }),
      fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 1 }),
      ...[fc.nat(5), fc.nat(5), fc.nat(5), fc.integer({ min: 1, max: 30 })],
      (items, query, first, skipped, behind, most) => {
        const index = new TermIndex("epoch", "0", first);
        index.extend(
          first,
          items.map(({ role, words }) => encodeTerms({ role, content: words.join(" ") })),
        );
        const from = first + Math.min(skipped, items.length);
        const to = Math.max(from, index.end - behind);
        const { scores, found } = plainScores(items.slice(from - first, to - first), query);
        const expected = [...scores.keys()]
          .filter((turn) => (scores[turn] ?? 0) > 0)
          .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a);

        const ranking = rankTurns({ index, from, to }, queryTerms(query.join(" ")));
        expect(ranking.matched).toBe(expected.length);
        const best = ranking.best(most);
        expect(best.map(({ turn, score }) => [turn, score])).toEqual(
          expected.slice(0, most).map((turn) => [turn, scores[turn]]),
        );
        expect(best.map((turn) => ranking.termsOf(turn).map(({ term }) => term))).toEqual(
          expected.slice(0, most).map((turn) => found[turn]),
        );
      },
    ),
    { numRuns: 200 },
  );
});
