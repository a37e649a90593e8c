import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_FIRST_LOAD_BYTES, recordFirstLoad, sumOf } from "./page-weight.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

test.each(["br", "gzip"] as const)("transfers at most 130 kB at the first load, as %s", async (encoding) => {
  const page = await stack.open();
  const transfers = await recordFirstLoad(page, stack.url, encoding);
  const large = transfers.filter(({ bytes }) => bytes > 2_500);
  expect(large.length).toBeGreaterThan(2);
  for (const { url, encoding: sent } of large) expect([url, sent]).toEqual([url, encoding]);
  expect(sumOf(transfers)).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
});
