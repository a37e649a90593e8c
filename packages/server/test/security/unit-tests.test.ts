import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { SECURITY_TESTS } from "./unit-tests.ts";

test("the security suite counts no file that has moved", () => {
  expect(Object.keys(SECURITY_TESTS).filter((file) => !existsSync(file))).toEqual([]);
});
