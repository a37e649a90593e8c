import { expect, test } from "vitest";
import { answerNotes } from "./answer-end.ts";
import type { TurnInfo } from "./shown-message.ts";

const turn: TurnInfo = {
  id: "0123456789abcdef",
  mode: "stateful",
  provider: "mirror",
  model: "mirror",
  status: "completed",
  tokens: { sent: 900, cached: 0, output: 512 },
};
const truncation = { suspected: true, reason: "prompt_cut", sent_tokens: 6100, read_tokens: 4096 } as const;
const textOf = (part: Partial<TurnInfo>) => answerNotes({ ...turn, ...part }).map(({ text }) => text);

test("says nothing of a whole answer", () => {
  expect(textOf({})).toEqual([]);
  expect(textOf({ finish_reason: "complete" })).toEqual([]);
});

test.each([
  ["length", "Cut at the limit of 512 tokens."],
  ["refusal", "The model refused to answer this."],
  ["content_filter", "The provider's content filter stopped this answer."],
  ["tool_call", "The model asked for a tool and is waiting for its result."],
] as const)("says how an answer ended with %s", (finish_reason, text) => {
  expect(textOf({ finish_reason })).toEqual([text]);
});

test("leaves the end of a turn that did not complete to its outcome", () => {
  expect(textOf({ status: "failed", finish_reason: "length" })).toEqual([]);
});

test("tells what was probably not read, before how the answer ended", () => {
  expect(textOf({ truncation, finish_reason: "length" })).toEqual([
    expect.stringContaining("read only 4,096 of the 6,100 tokens"),
    "Cut at the limit of 512 tokens.",
  ]);
  expect(textOf({ truncation: { ...truncation, reason: "window_outgrown", context_window: 4096 } })).toEqual([
    expect.stringContaining("longer than the model's window of 4,096 tokens"),
  ]);
});
