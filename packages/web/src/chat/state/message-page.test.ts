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

test("joins the functions that an answer called with it, and shows outputs on their own", () => {
  const call = (id: string, turn?: string): Item => {
    const call = { id: `call_${id}`, name: "look", arguments: "{}" };
    return { ...item(id, "function_call", "{}", turn), tool_calls: [call] };
  };
  const output = { ...item("5", "function_call_output", "12:00", "t2"), tool_call_id: "call_2" };
  const { messages } = toMessages({
    items: [item("1", "message", "I look."), call("2"), call("3"), call("4", "t2"), output],
    next_before: null,
  });
  expect(
    messages.map(({ id, role, content, calls }) => [id, role, content, calls.map(({ id }) => id)]),
  ).toEqual([
    ["1", "assistant", "I look.", ["call_2", "call_3"]],
    ["4", "assistant", "", ["call_4"]],
    ["5", "tool", "12:00", []],
  ]);
});

test("leaves out items of other kinds, and a thought without words", () => {
  expect(shown(item("1", "reasoning", ""), item("2", "other", "x"), item("3", "message", "4"))).toEqual([
    ["4", ""],
  ]);
});

test("gives a question the turn of the retry that answered it, unless that has a question of its own", () => {
  const question = (id: string, turn: string): Item => ({ ...item(id, "message", "Hi", turn), role: "user" });
  const turnIds = (...items: Item[]) =>
    toMessages({ items, next_before: null }).messages.map(({ turn }) => turn?.id);
  const answer = (id: string, turn: string) => item(id, "message", "Hello", turn);
  expect(turnIds(question("1", "t1"), question("2", "t1"), answer("3", "t2"))).toEqual(["t2", "t2", "t2"]);
  expect(turnIds(question("1", "t1"), answer("2", "t2"), question("3", "t2"), answer("4", "t2"))).toEqual([
    "t1",
    "t2",
    "t2",
    "t2",
  ]);
  expect(turnIds(question("1", "t1"), question("2", "t2"), answer("3", "t2"))).toEqual(["t1", "t2", "t2"]);
});
