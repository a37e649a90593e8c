import type { Item } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { toMessages } from "./message-page.ts";

const item = (id: string, type: string, content: string, turn = "t1"): Item => ({
  id,
  type,
  ...(type === "message" && { role: "assistant" }),
  content,
  created_at: "2026-01-01T00:00:00.000Z",
  turn: { id: turn, mode: "stateful", provider: "mirror", model: "m", status: "completed" },
});
const shown = (...items: Item[]) =>
  toMessages({ items, next_before: "x" }).messages.map(({ content, reasoning }) => [content, reasoning]);

test("joins what a model thought with the answer of the same turn", () => {
  expect(
    shown(item("1", "reasoning", "Hm."), item("2", "reasoning", "Yes."), item("3", "message", "4")),
  ).toEqual([["4", "Hm.\n\nYes."]]);
  expect(shown(item("1", "reasoning", "Hm."), item("2", "message", "4", "t2"))).toEqual([["4", ""]]);
});

test("leaves out items of other kinds, and a thought without words", () => {
  expect(shown(item("1", "reasoning", ""), item("2", "other", "x"), item("3", "message", "4"))).toEqual([
    ["4", ""],
  ]);
});
