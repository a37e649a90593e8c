import { expect, test } from "vitest";
import { lengthError } from "./message-length.ts";

test("counts characters as the API does", () => {
  expect(lengthError("x".repeat(2000), 2000)).toBeNull();
  expect(lengthError("😀".repeat(2000), 2000)).toBeNull();
  expect(lengthError("😀".repeat(2001), 2000)).toBe("1 character over the limit of 2,000");
  expect(lengthError("x".repeat(12), 10)).toBe("2 characters over the limit of 10");
});
