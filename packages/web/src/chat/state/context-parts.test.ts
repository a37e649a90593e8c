import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { contextParts, recallOf } from "./context-parts.ts";

const report = (parts: { kind: string; tokens: number }[], window: number, budget: number) =>
  ({
    parts,
    tokens: { counted: parts.reduce((sum, { tokens }) => sum + tokens, 0) },
    context_window: window,
    budget,
  }) as unknown as ContextReport;

test("divides the window by kind, and the parts add up to it", () => {
  const sent = [
    { kind: "system", tokens: 10 },
    { kind: "window", tokens: 20 },
    { kind: "recall", tokens: 5 },
    { kind: "message", tokens: 10 },
  ];
  expect(contextParts(report(sent, 120, 90))).toEqual([
    ...sent,
    { kind: "answer", tokens: 30 },
    { kind: "free", tokens: 45 },
  ]);
  expect(recallOf(report(sent, 120, 90))).toBe(sent[2]);
});

test("names the model that wrote a summary, and says whether a table of contents is sent too", () => {
  const contents = { kind: "summary", tokens: 8, entries: [{ message_id: "1", text: "Hi" }] };
  const written = { ...contents, summary: { model: "gpt-5-mini", text: "They met." } };
  const [byRule] = contextParts(report([contents], 120, 90));
  expect(byRule).toEqual({ kind: "summary", tokens: 8 });
  const [byModel] = contextParts(report([written], 120, 90));
  expect(byModel).toMatchObject({ writtenBy: "gpt-5-mini", hasContents: true });
  const [alone] = contextParts(report([{ ...written, entries: [] } as typeof written], 120, 90));
  expect(alone).toMatchObject({ hasContents: false });
});

test("never exceeds a window that the message alone fills", () => {
  const parts = contextParts(report([{ kind: "message", tokens: 110 }], 120, 90));
  expect(parts.map(({ tokens }) => tokens)).toEqual([110, 10, 0]);
});
