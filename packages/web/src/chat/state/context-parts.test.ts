import type { ContextReport } from "@redis-memory-magic/protocol";
import { expect, test } from "vitest";
import { contextParts } from "./context-parts.ts";

const report = (
  roles: [ContextReport["messages"][number]["role"], number][],
  window: number,
  budget: number,
) =>
  ({
    messages: roles.map(([role, tokens]) => ({ role, tokens, content: "", message_id: null })),
    tokens: { counted: roles.reduce((sum, [, tokens]) => sum + tokens, 0) },
    context_window: window,
    budget,
  }) as unknown as ContextReport;

test("divides the window by kind, and the parts add up to it", () => {
  const parts = contextParts(
    report(
      [
        ["system", 10],
        ["user", 20],
        ["assistant", 5],
        ["user", 10],
      ],
      120,
      90,
    ),
  );
  expect(parts).toEqual([
    { kind: "system", tokens: 10 },
    { kind: "history", tokens: 25 },
    { kind: "message", tokens: 10 },
    { kind: "answer", tokens: 30 },
    { kind: "free", tokens: 45 },
  ]);
});

test("never exceeds a window that the message alone fills", () => {
  const parts = contextParts(report([["user", 110]], 120, 90));
  expect(parts.map(({ tokens }) => tokens)).toEqual([0, 0, 110, 10, 0]);
});
