import type { Item, SearchHit, SearchResult } from "@redis-memory-magic/memory";
import { afterEach, expect, test, vi } from "vitest";
import { AppError } from "../errors/app-error.ts";
import { recallTurns } from "./recall.ts";
import type { Search } from "./recall-search.ts";

const createdAt = new Date("2026-01-02T03:04:05Z");
const item = (id: string, role: "user" | "assistant", content: string): Item => ({
  id,
  role,
  content,
  createdAt,
});
const question = item("now", "user", "Where did Alice leave the red bicycle?");
const estimate = (text: string): number => text.length;

/** A search that finds these turns, the best first. */
function found(...turns: Item[][]): SearchResult {
  const hits: SearchHit[] = turns.map((messages, n) => ({
    id: messages[0]?.id ?? "",
    from: 10 - 2 * n,
    to: 12 - 2 * n,
    messages,
    score: 1.23456,
    terms: [{ term: "bicycle", weight: 2.34567 }],
  }));
  return { messages: turns.flat(), searched: 20, total: 20, matched: 5, hits };
}

const recall = (search: Search, options: object = {}) =>
  recallTurns({
    search,
    items: [question],
    maxTokens: 10_000,
    count: async (text) => estimate(text),
    estimate,
    ...options,
  });

afterEach(() => void vi.useRealTimers());

test("quotes what was found in order of time, each line marked as quoted", async () => {
  const late = [
    item("a", "user", "The bicycle is\r\nin the shed"),
    item("b", "assistant", "<think>hm</think>Good."),
  ];
  const early = [item("c", "user", "I have a bicycle"), item("d", "assistant", "Nice\n\nWhich colour?")];
  const { block, tokens, items, recall: report } = await recall(async () => found(late, early));
  expect(block.split("\n").slice(1)).toEqual([
    "> [2026-01-02 03:04] User: I have a bicycle",
    "> Assistant: Nice",
    ">     ",
    ">     Which colour?",
    "> [2026-01-02 03:04] User: The bicycle is",
    ">     in the shed",
    "> Assistant: Good.",
  ]);
  expect(tokens).toBe(block.length);
  expect(items).toBe(4);
  expect(report).toMatchObject({ searched: 20, total: 20, matched: 5 });
  expect(report.turns).toEqual([
    { from: 10, to: 12, score: 1.23, terms: [{ term: "bicycle", weight: 2.35 }] },
    { from: 8, to: 10, score: 1.23, terms: [{ term: "bicycle", weight: 2.35 }] },
  ]);
});

test("leaves out the least relevant turns when the exact count is more than the estimate", async () => {
  const turns = [[item("a", "user", "best")], [item("b", "user", "second")], [item("c", "user", "third")]];
  const count = async (text: string) => text.length * 1.5;
  const { block, tokens } = await recall(async () => found(...turns), { count, maxTokens: 200 });
  expect(tokens).toBe(block.length * 1.5);
  expect(block).toContain("best");
  expect(block).toContain("second");
  expect(block).not.toContain("third");
});

test("gives a question with few words the message before it as its context", async () => {
  const asked: unknown[] = [];
  const search: Search = async (query, { context }) => {
    asked.push([query, context]);
    return found();
  };
  const bicycle = item("b", "user", "The red bicycle");
  const items = (content: string) => [item("a", "user", "old"), bicycle, item("c", "user", content)];
  await recall(search, { items: items("And the price?") });
  await recall(search, { items: items("And why?") });
  await recall(search, { items: [bicycle, question] });
  expect(asked).toEqual([
    ["And the price?", bicycle.content],
    [bicycle.content, undefined],
    [question.content, undefined],
  ]);
});

test.each([
  ["stop words", "and what is it"],
  ["emoji", "👋🏽👨‍👩‍👧‍👦"],
  ["nothing", " "],
])("does not search for %s", async (_, content) => {
  const search = vi.fn<Search>();
  const { recall: report, block } = await recall(search, { items: [item("a", "user", content)] });
  expect(report.failed).toBe("no_words");
  expect(block).toBe("");
  expect(search).not.toHaveBeenCalled();
});

test("goes on without recall when Redis is away", async () => {
  const unavailable = new AppError("storage_unavailable", "Redis is away.");
  const { recall: report, tokens } = await recall(() => Promise.reject(unavailable));
  expect(report).toMatchObject({ failed: "unavailable", turns: [], searched: 0, total: 0 });
  expect(tokens).toBe(0);
});

test("goes on without recall when the search is late, and ignores how that ends", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const search = Promise.withResolvers<SearchResult>();
  const searching = recall(() => search.promise);
  await vi.advanceTimersByTimeAsync(1000);
  const { recall: report } = await searching;
  expect(report.failed).toBe("late");
  search.reject(new AppError("storage_unavailable", "Redis is away."));
});

test("does not hide a bug", async () => {
  await expect(recall(() => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
});
