import { expect, test, vi } from "vitest";
import { largestThatFits } from "./largest-that-fits.ts";

const entries = Array.from({ length: 50 }, (_, n) => `entry ${n}`);
const blockOf = (kept: readonly string[]) => (kept.length === 0 ? "" : ["Title:", ...kept].join("\n"));
const estimate = (text: string) => text.length;

/** Fits entries with a count that is so many times the estimate. */
async function fit(ratio: number, maxTokens: number) {
  const count = vi.fn(async (text: string) => Math.ceil(text.length * ratio));
  return { ...(await largestThatFits(entries, maxTokens, blockOf, { count, estimate })), count };
}

test.each([0.5, 1, 1.3, 4])("a count of %f times the estimate is asked for twice at most", async (ratio) => {
  const { kept, block, tokens, count } = await fit(ratio, 200);
  expect(count.mock.calls.length).toBeLessThanOrEqual(2);
  expect(block).toBe(blockOf(kept));
  expect(tokens).toBe(Math.ceil(block.length * ratio));
  expect(tokens).toBeLessThanOrEqual(200);
  // One more would not fit, by the larger of both.
  const more = blockOf(entries.slice(0, kept.length + 1)).length;
  expect(more * Math.max(1, ratio)).toBeGreaterThan(200);
});

test("the block of entries that all fit is made once", async () => {
  const make = vi.fn(blockOf);
  await largestThatFits(entries, 10_000, make, { count: async (text) => text.length, estimate });
  expect(make).toHaveBeenCalledTimes(1);
});

test("all entries are kept where they fit, and none where not even one does", async () => {
  expect((await fit(1, 10_000)).kept).toEqual(entries);
  const { kept, block, tokens, count } = await fit(1, 10);
  expect({ kept, block, tokens }).toEqual({ kept: [], block: "", tokens: 0 });
  expect(count).not.toHaveBeenCalled();
});
