import fc from "fast-check";
import type { Json, NewItem, NewMessage } from "../src/index.ts";

// JSON has one zero, and no holes or undefined.
const toJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: "binary", minLength: 16, maxLength: 60 }).map((string) => string.toWellFormed()),
);
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value) => toJson(value) as Json),
  fc.constant(JSON.parse('{"__proto__":"a text of some length","constructor":{"a":[]}}') as Json),
);

/** Parts as their writers have them: with the content, a part of it, or none of it inside. */
const partsOf = (content: string): fc.Arbitrary<Json> =>
  fc
    .oneof(
      json,
      fc.constant([{ type: "text", text: content }]),
      fc.nat({ max: content.length }).map((cut) => [
        { type: "output_text", text: content.slice(0, cut), annotations: [] },
        { type: "image", image_url: "sha256-x" },
        { type: "output_text", text: content.slice(cut).replace(/^\s/, "") },
      ]),
      json.map((more) => ({ again: [content, content], more, arguments: content })),
    )
    .map(
      (parts) =>
        JSON.parse(JSON.stringify(parts), (_, value) =>
          typeof value === "string" ? value.toWellFormed() : value,
        ) as Json,
    );

const toolCalls = fc.array(
  fc.record({ id: fc.constantFrom("c1", "c2", "c3"), name: text, arguments: text }),
  { minLength: 1, maxLength: 2 },
);

const common = {
  createdAt: fc.date({ noInvalidDate: true }),
  metadata: json,
  toolCalls,
  toolCallId: fc.constantFrom("c1", "c2", "c3"),
};

const withParts = <I extends NewItem>(item: I): fc.Arbitrary<I> =>
  fc
    .option(partsOf(item.content ?? ""), { nil: undefined })
    .map((parts) => (parts === undefined ? item : { ...item, parts }));

const message: fc.Arbitrary<NewMessage> = fc
  .record(
    { role: fc.constantFrom("system", "developer", "user", "assistant", "tool"), content: text, ...common },
    { requiredKeys: ["role", "content"] },
  )
  .chain(withParts);

const otherItem: fc.Arbitrary<NewItem> = fc
  .record(
    {
      type: fc.constantFrom(
        "reasoning",
        "function_call",
        "function_call_output",
        "web_search_call",
        "x.y:z-1_2",
      ),
      content: text,
      ...common,
    },
    { requiredKeys: ["type"] },
  )
  .chain((item) => withParts(item as NewItem));

/** Any item, without an id. */
export const item: fc.Arbitrary<NewItem> = fc.oneof(message, otherItem);

/** Items in their order, some with ids, no id twice. */
export const items: fc.Arbitrary<NewItem[]> = fc
  .array(fc.tuple(item, fc.boolean()), { minLength: 1, maxLength: 12 })
  .map((all) => all.map(([one, hasId], n) => (hasId ? { ...one, id: `id ${n} 🎉` } : one)));
