import { expect, test } from "vitest";
import { counted } from "./counted.ts";

test.each([
  [0, "0 keys"],
  [1, "1 key"],
  [2, "2 keys"],
])("%i", (number, text) => {
  expect(counted(number, "key")).toBe(text);
});
