import type { IndexedItem, Message } from "@redis-memory-magic/memory";
import fc from "fast-check";
import { expect, test } from "vitest";
import { buildContext, contextBudget } from "./context.ts";

const ROLES = ["user", "assistant"] as const;
const conversation = (length: number, first = 0): IndexedItem[] =>
  Array.from({ length }, (_, n) => ({
    index: first + n,
    item: { id: `e-${first + n}`, role: ROLES[n % 2] ?? "user", content: `m${n}`, createdAt: new Date(0) },
  }));
const indexes = (messages: readonly IndexedItem[]) => messages.map(({ index }) => index);
const build = (
  messages: IndexedItem[],
  budget: number,
  rememberedStart: number | null = null,
  complete = true,
) =>
  buildContext({
    items: messages,
    inputCount: 1,
    tokens: messages.map(() => 100),
    systemTokens: 100,
    budget,
    rememberedStart,
    complete,
    reserved: 0,
  });

test("all of it, where it fits", () => {
  const context = build(conversation(5), 600);
  expect(indexes(context.items)).toEqual([0, 1, 2, 3, 4]);
  expect(context).toMatchObject({ tokens: 600, start: null });
});

test("where it does not, the oldest half of the window goes at once, and the start is remembered", () => {
  const context = build(conversation(11), 1100);
  expect(indexes(context.items)).toEqual([8, 9, 10]);
  expect(context).toMatchObject({ tokens: 400, start: 8 });
});

test("of a window below 512 tokens only the oldest pairs go that do not fit", () => {
  const sent = (length: number) => indexes(build(conversation(length), contextBudget(511)).items);
  expect(sent(1)).toEqual([0]);
  // The budget is 384 tokens: beside the system prompt and the question there is room for one message, not for a pair.
  expect(sent(3)).toEqual([2]);
  const small = (length: number) =>
    indexes(
      buildContext({
        items: conversation(length),
        inputCount: 1,
        tokens: Array(length).fill(10),
        systemTokens: 10,
        budget: 90,
        rememberedStart: null,
        complete: true,
        reserved: 0,
      }).items,
    );
  expect(small(7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(small(9)).toEqual([2, 3, 4, 5, 6, 7, 8]);
  expect(small(11)).toEqual([4, 5, 6, 7, 8, 9, 10]);
});

test("the beginning stays the same for many turns", () => {
  let start: number | null = null;
  const starts: number[] = [];
  for (let length = 1; length < 100; length += 2) {
    const context = build(conversation(length - (start ?? 0), start ?? 0), 2000, start);
    start = context.start;
    starts.push(context.items[0]?.index ?? -1);
  }
  expect(new Set(starts).size).toBeLessThan(12);
});

test("what was read only in part is cut, even if that part fits", () => {
  expect(build(conversation(5, 40), 1000, null, false).start).not.toBeNull();
  expect(build(conversation(5, 40), 1000, 40)).toMatchObject({ start: 40, tokens: 600 });
});

test("a cut never leaves a tool's result without its call, or an answer without its question", () => {
  const roles: Message["role"][] = ["user", "assistant", "tool", "tool", "assistant", "user"];
  const messages = conversation(6).map(({ index, item }, n) => ({
    index,
    item: { ...item, role: roles[n] ?? "user" } as Message,
  }));
  expect(indexes(build(messages, 600).items)).toEqual([5]);
});

test("whatever there is: within the budget, the newest, the current message always", () => {
  const input = fc.record({
    tokens: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
    systemTokens: fc.integer({ min: 0, max: 100 }),
    window: fc.integer({ min: 16, max: 4000 }),
  });
  fc.assert(
    fc.property(input, ({ tokens, systemTokens, window }) => {
      const budget = contextBudget(window);
      const messages = conversation(tokens.length);
      fc.pre(systemTokens + (tokens.at(-1) ?? 0) <= budget);
      const context = buildContext({
        items: messages,
        inputCount: 1,
        tokens,
        systemTokens,
        budget,
        rememberedStart: null,
        complete: true,
        reserved: 0,
      });
      expect(context.tokens).toBeLessThanOrEqual(budget);
      expect(context.items).toEqual(messages.slice(messages.length - context.items.length));
      const kept = tokens.slice(tokens.length - context.items.length);
      expect(context.tokens).toBe(kept.reduce((sum, count) => sum + count, systemTokens));
    }),
  );
});
