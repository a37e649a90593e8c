import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { growYoungGenerationAtOnce } from "./grow-young-generation.ts";

const DEFAULT_FACTOR = 2;

/** Has a heap of its own, so its space for new objects begins as small as that of a process. */
const SIZE_AFTER_SURVIVORS = `
  const { getHeapSpaceStatistics } = require("node:v8");
  const kept = Array.from({ length: 100_000 }, (_, n) => ({ n }));
  const space = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  require("node:worker_threads").parentPort.postMessage(kept.length && space.space_size);
`;

/** Returns the size of the space for new objects when 3 MB of them have survived. */
async function sizeAfterSurvivors(): Promise<number> {
  const [size] = await once(new Worker(SIZE_AFTER_SURVIVORS, { eval: true }), "message");
  return size;
}

test("the space for new objects becomes larger than V8 would make it", async () => {
  onTestFinished(() => setFlagsFromString(`--semi-space-growth-factor=${DEFAULT_FACTOR}`));
  const usual = await sizeAfterSurvivors();
  growYoungGenerationAtOnce();
  expect(await sizeAfterSurvivors()).toBeGreaterThan(usual);
});
