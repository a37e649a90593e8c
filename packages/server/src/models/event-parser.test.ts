import fc from "fast-check";
import { expect, test } from "vitest";
import { EventParser } from "./event-parser.ts";
import { parseOrNull } from "./wire-json.ts";

const chunk = (delta: unknown, more: object = {}) =>
  JSON.stringify({ id: "c", created: 1, choices: [{ index: 0, delta, finish_reason: null }], ...more });

/** What the parser returns for each event, before the next one changes it. */
function parseAll(events: readonly string[]): unknown[] {
  const parser = new EventParser();
  return events.map((event) => structuredClone(parser.parse(event)));
}

test("returns the value of each event, whether or not it is like the ones before", () => {
  const text = fc
    .array(fc.constantFrom("word", "é👋", '"', "\\", "\n", "\u007f", '"content":"', "\uFDD0", "}", '"}]'))
    .map((parts) => parts.join(""));
  const event = fc.oneof(
    { weight: 5, arbitrary: text.map((content) => chunk({ role: "assistant", content })) },
    fc.tuple(text, text).map(([content, other]) => chunk({ content }, { content: other })),
    fc.tuple(text, text).map(([content, other]) => chunk({ content: [{ content }] }, { usage: other })),
    // A name that stands there twice, and text that was cut in the middle of its JSON.
    fc
      .tuple(text, text)
      .map(([a, b]) => `{"a":{"content":${JSON.stringify(a)},"content":${JSON.stringify(b)}}}`),
    fc.tuple(text, fc.nat({ max: 90 })).map(([content, end]) => chunk({ content }).slice(0, end)),
    text.map((raw) => `{"content":"${raw}"}`),
  );
  const events = fc.array(fc.tuple(event, fc.integer({ min: 1, max: 3 })), { maxLength: 12 });
  fc.assert(
    fc.property(events, (runs) => {
      const all = runs.flatMap(([one, times]) => Array<string>(times).fill(one));
      expect(parseAll(all)).toEqual(all.map((one) => parseOrNull(one)));
    }),
    { numRuns: 2000 },
  );
});

test("reads only the text of an event that is like the two before it", () => {
  const parser = new EventParser();
  const [, second, third, fourth] = ["a", "b", "c", "d"].map((content) => parser.parse(chunk({ content })));
  expect(third).not.toBe(second);
  expect(fourth).toBe(third);
  expect(fourth).toEqual(parseOrNull(chunk({ content: "d" })));
});
