import { expect, test } from "vitest";
import { releaseMemory } from "./release-memory.mjs";

test("the heap becomes as small as what is in use", () => {
  let needed = Array.from({ length: 500_000 }, (_, n) => ({ n }));
  const before = process.memoryUsage().heapTotal;
  expect(needed).toHaveLength(500_000);
  needed = [];
  releaseMemory();
  expect(process.memoryUsage().heapTotal).toBeLessThan(before - 20_000_000);
});
