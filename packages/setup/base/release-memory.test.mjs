import { syncBuiltinESMExports } from "node:module";
import v8 from "node:v8";
import { expect, onTestFinished, test, vi } from "vitest";
import { releaseMemory } from "./release-memory.mjs";

test("the heap becomes as small as what is in use", () => {
  let needed = Array.from({ length: 500_000 }, (_, n) => ({ n }));
  const before = process.memoryUsage().heapTotal;
  expect(needed).toHaveLength(500_000);
  needed = [];
  releaseMemory();
  expect(process.memoryUsage().heapTotal).toBeLessThan(before - 20_000_000);
});

test("nothing happens in a Node.js that does not offer it", () => {
  onTestFinished(syncBuiltinESMExports);
  const refuse = vi.spyOn(v8, "setFlagsFromString").mockImplementation(() => {
    throw new Error("no such option");
  });
  syncBuiltinESMExports();
  releaseMemory();
  expect(refuse).toHaveBeenCalledOnce();
  refuse.mockRestore();
});
