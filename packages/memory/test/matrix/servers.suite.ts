import { expect, test } from "vitest";

test("finds or fetches every server that it promises to test", () => {
  expect(JSON.parse(process.env.TEST_REDIS_MISSING ?? "null")).toEqual([]);
});
