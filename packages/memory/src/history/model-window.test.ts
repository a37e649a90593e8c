import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Item, modelWindow } from "../index.ts";

/** Items in short: `u`, `a`, `s` are messages, `a:1,2` calls, `t1` a result, `f1`, `o1` the same as items, `r` reasoning. */
function toItem(short: string, n: number): Item {
  const base = { id: `${n}`, content: short, createdAt: new Date(0) };
  const rest = short.slice(1);
  const calls = rest
    .replace(":", "")
    .split(",")
    .map((id) => ({ id, name: "f", arguments: "{}" }));
  switch (short[0]) {
    case "u":
      return { ...base, role: "user" };
    case "s":
      return { ...base, role: "system" };
    case "a":
      return { ...base, role: "assistant", ...(rest && { toolCalls: calls }) };
    case "t":
      return { ...base, role: "tool", ...(rest && { toolCallId: rest }) };
    case "f":
      return { ...base, type: "function_call", toolCalls: calls };
    case "o":
      return { ...base, type: "function_call_output", toolCallId: rest };
    case "r":
      return { ...base, type: "reasoning" };
    default:
      return { ...base, type: "web_search_call" };
  }
}

const windowOf = (shorts: string) => modelWindow(shorts.split(" ").map(toItem));

describe("a window for a model", () => {
  test.each([
    ["keeps a plain conversation", "s u a u a", "s u a u a"],
    ["begins with a user's message", "a u a", "u a"],
    ["keeps instructions before it", "a s u a", "s u a"],
    ["is empty without a user's message", "a a:1 t1", ""],
    ["keeps a call with its result", "u a:1 t1 a", "u a:1 t1 a"],
    ["keeps parallel calls with all results, in any order", "u a:1,2 t2 t1 a", "u a:1,2 t2 t1 a"],
    ["leaves out parallel calls of which one has no result", "u a:1,2 t2 a u", "u a u"],
    ["leaves out a call that a crash left without a result", "u a:1 u a", "u u a"],
    ["leaves out a call at the end", "u a u a:1", "u a u"],
    ["leaves out a result without its call", "t1 u a t2 a", "u a a"],
    ["leaves out a result that comes after another message", "u a:1 u t1 a", "u u a"],
    ["leaves out a second result of one call", "u a:1 t1 t1 a", "u a:1 t1 a"],
    ["takes a result without an id as that of the open call", "u a:1 t a", "u a:1 t a"],
    ["keeps calls that are items", "u r f1 f2 o1 o2 r a", "u r f1 f2 o1 o2 r a"],
    ["keeps calls that follow one another", "u f1 o1 f2 o2 a", "u f1 o1 f2 o2 a"],
    ["leaves out the reasoning that led to a call without output", "u r f1 u a", "u u a"],
    ["leaves out reasoning at the end", "u a u r", "u a u"],
    ["keeps unknown items", "u x a", "u x a"],
    ["keeps unknown items among calls", "u f1 x o1 a", "u f1 x o1 a"],
  ])("%s", (_, given, kept) => {
    expect(
      windowOf(given)
        .items.map(({ content }) => content)
        .join(" "),
    ).toBe(kept);
  });

  test("reports what is left out and why", () => {
    const { leftOut } = windowOf("a u f1 u o1 r");
    expect(leftOut.map(({ item, reason }) => `${item.content} ${reason}`)).toEqual([
      "a before_first_user",
      "f1 call_without_output",
      "o1 output_without_call",
      "r reasoning_without_item",
    ]);
  });

  test("of any items is one that every API accepts, and taking it again changes nothing", () => {
    const short = fc.constantFrom(
      "s",
      "u",
      "a",
      "a:1",
      "a:1,2",
      "t1",
      "t2",
      "t",
      "f1",
      "f2",
      "o1",
      "o2",
      "r",
      "x",
    );
    fc.assert(
      fc.property(fc.array(short, { maxLength: 12 }), (shorts) => {
        const all = shorts.map(toItem);
        const { items, leftOut } = modelWindow(all);
        expect(items.length + leftOut.length).toBe(all.length);
        expect(modelWindow(items)).toEqual({ items, leftOut: [] });
        const pending = new Set<string>();
        for (const { role, toolCalls = [], toolCallId } of items) {
          if (toolCallId !== undefined) expect(pending.delete(toolCallId)).toBe(true);
          else if (role !== undefined && role !== "tool") expect(pending.size).toBe(0);
          for (const { id } of toolCalls) pending.add(id);
          if (role === "tool" && toolCallId === undefined) pending.delete([...pending][0] ?? "");
        }
        expect(pending.size).toBe(0);
        const first = items.find(({ role }) => role !== "system");
        expect(first?.role ?? "user").toBe("user");
      }),
      { numRuns: 5_000 },
    );
  });
});
