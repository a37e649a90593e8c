import type { IndexedItem } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { withQuoted } from "./quoted-block.ts";
import { firstWords, listContents, splitContents } from "./table-of-contents.ts";

const question = (index: number, content: string): IndexedItem => ({
  index,
  item: { id: `id-${index}`, role: "user", content, createdAt: new Date(0) },
});
const estimate = (text: string): number => text.length;
const list = (newestFirst: IndexedItem[], options: object = {}) =>
  listContents({
    read: async () => newestFirst,
    before: "window",
    maxTokens: 10_000,
    count: async (text) => estimate(text),
    estimate,
    ...options,
  });

test("lists the first words of messages, oldest first, each in one quoted line", async () => {
  const { block, tokens, contents } = await list([
    question(4, "And\r\nnow\u2028something else"),
    question(2, " \n "),
    question(0, "My name is Bob and I live in a small house by the sea"),
  ]);
  expect(block.split("\n")).toEqual([
    "The user said earlier (first words only):",
    "> My name is Bob and I live in…",
    "> And now something else",
  ]);
  expect(tokens).toBe(block.length);
  expect(contents).toEqual({ listed: [0, 4] });
  expect(splitContents(withQuoted(block, "Hi\n\nthere"))).toEqual({
    listed: ["My name is Bob and I live in…", "And now something else"],
    message: "Hi\n\nthere",
  });
});

test.each([
  ["a sentence in Japanese", "私の名前はボブです。".repeat(10), `${"私の名前はボブです。".repeat(6)}…`],
  ["one long word", "a".repeat(1_000_000), `${"a".repeat(60)}…`],
  ["a long message", "word ".repeat(200_000), `${"word ".repeat(7)}word…`],
  ["emoji", "👋 🎉", "👋 🎉"],
  ["eight words", "one two three four five six seven eight ", "one two three four five six seven eight"],
  ["nothing but spaces", " \n\t", ""],
])("cuts %s", (_, text, expected) => {
  expect(firstWords(text)).toBe(expected);
});

test("lists the newest messages that fit", async () => {
  const questions = Array.from({ length: 50 }, (_, n) => question(50 - n, `This is question ${n}`));
  const { block, contents } = await list(questions, { maxTokens: 150 });
  expect(block.length).toBeLessThanOrEqual(150);
  expect(contents.listed).toEqual([46, 47, 48, 49, 50]);
  expect(await list(questions, { maxTokens: 20 })).toEqual({
    contents: { listed: [] },
    block: "",
    tokens: 0,
  });
});

test("leaves out the oldest ones when the exact count is more than the estimate", async () => {
  const count = async (text: string) => text.split("\n").length * 100;
  const questions = [question(4, "third"), question(2, "second"), question(0, "first")];
  expect(await list(questions, { count, maxTokens: 300 })).toMatchObject({
    contents: { listed: [2, 4] },
    tokens: 300,
  });
});

test("goes on without when Redis is away, and hides no bug", async () => {
  const read = () => Promise.reject(new AppError("storage_unavailable", "Redis is away."));
  expect(await list([], { read })).toEqual({
    contents: { listed: [], failed: "unavailable" },
    block: "",
    tokens: 0,
  });
  await expect(list([], { read: () => Promise.reject(new TypeError("a bug")) })).rejects.toThrow("a bug");
});
