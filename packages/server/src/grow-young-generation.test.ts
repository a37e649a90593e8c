import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { releaseMemory } from "@redis-memory-magic/setup/base/release-memory";
import { expect, onTestFinished, test } from "vitest";
import { growYoungGenerationAtOnce } from "./grow-young-generation.ts";

const DEFAULT_FACTOR = 2;

/** Returns the size of the space for new objects when 3 MB of them have survived. */
function sizeAfterSurvivors(): number {
  releaseMemory();
  const kept = Array.from({ length: 100_000 }, (_, n) => ({ n }));
  expect(kept).toHaveLength(100_000);
  return getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0;
}

test("the space for new objects becomes larger than V8 would make it", () => {
  onTestFinished(() => setFlagsFromString(`--semi-space-growth-factor=${DEFAULT_FACTOR}`));
  const usual = sizeAfterSurvivors();
  growYoungGenerationAtOnce();
  expect(sizeAfterSurvivors()).toBeGreaterThan(usual);
});
