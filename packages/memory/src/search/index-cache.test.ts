import { expect, test } from "vitest";
import { IndexCache } from "./index-cache.ts";

test("does not keep an empty index", () => {
  const cache = new IndexCache();
  cache.keep("a", { bytes: 0 });
  expect(cache.get("a")).toBeUndefined();
});

test("counts the keys of small indexes, and forgets those that were used longest ago", () => {
  const cache = new IndexCache();
  const longKey = "k".repeat(1024 * 512);
  for (let n = 0; n < 70; n++) cache.keep(`${longKey}${n}`, { bytes: 1 });
  expect(cache.get(`${longKey}0`)).toBeUndefined();
  expect(cache.get(`${longKey}69`)).toEqual({ bytes: 1 });
});
