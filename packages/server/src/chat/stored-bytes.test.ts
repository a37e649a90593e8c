import { expect, test } from "vitest";
import { itemBytes, storedBytes } from "./stored-bytes.ts";

const call = { id: "c", name: "f", arguments: '{"city":"Zürich"}' };

test("an item counts in UTF-8, with its calls, metadata and parts", () => {
  expect(itemBytes({ role: "user", content: "Zürich" })).toBe(7);
  const more = [[call], { note: "ü" }, ["é"]];
  const item = { role: "assistant", content: "", toolCalls: [call], metadata: { note: "ü" }, parts: ["é"] };
  expect(itemBytes(item as Parameters<typeof itemBytes>[0])).toBe(Buffer.byteLength(JSON.stringify(more)));
});

test("the terms of a long text are limited", () => {
  const bytes = (length: number) => storedBytes([{ role: "user", content: "x".repeat(length) }]);
  expect(bytes(100)).toBe(150);
  expect(bytes(2_000_000) - 2_000_000).toBe(bytes(1_000_000) - 1_000_000);
});
