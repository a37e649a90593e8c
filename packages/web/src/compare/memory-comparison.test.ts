import type { ContextReport } from "@redis-memory-magic/protocol";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Difference } from "./memory-comparison.tsx";

function report(contents: readonly string[], joined = 0): ContextReport {
  const messages = contents.map((content) => ({ role: "user", content, tokens: 5, message_id: null }));
  const normalized = joined === 0 ? [] : [{ change: "joined", messages: joined }];
  const tokens = { counted: 5 * contents.length, estimated: false };
  return { messages, normalized, tokens, parts: [] } as unknown as ContextReport;
}

const difference = (on: ContextReport, off: ContextReport) =>
  renderToStaticMarkup(createElement(Difference, { on, off }));

test("counts the messages from Redis, each of those that were sent as one", () => {
  const off = report(["And now?"]);
  expect(difference(report(["Hi", "Hello", "And now?"]), off)).toContain("2 messages from Redis");
  expect(difference(report(["Hi", "Hello\n\nAnd now?"], 1), off)).toContain("2 messages from Redis");
  expect(difference(report(["And now?"]), off)).toContain("Both were sent the same");
});
