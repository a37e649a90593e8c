import { expect, test } from "vitest";
import { lengthError } from "./message-length.ts";

test("counts characters as the API does", () => {
  expect(lengthError("x".repeat(2000), 2000)).toBeNull();
  expect(lengthError("😀".repeat(2000), 2000)).toBeNull();
  expect(lengthError("😀".repeat(2001), 2000)).toBe(
    "1 character more than the 2,000 that a message may have",
  );
  expect(lengthError("x".repeat(12), 10)).toBe("2 characters more than the 10 that a message may have");
});
