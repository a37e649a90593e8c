import { expect, test } from "vitest";
import { shortTitle, titleOf } from "./session-title.ts";

test("a title has 80 characters at most, and none of them is halved", () => {
  expect(shortTitle("")).toBe("");
  expect(shortTitle("x".repeat(80))).toBe("x".repeat(80));
  expect(shortTitle("x".repeat(81))).toBe("x".repeat(80));
  expect(shortTitle("👋".repeat(81))).toBe("👋".repeat(80));
  expect(shortTitle("two\nlines")).toBe("two\nlines");
});

test("a session's title is the first line of its message", () => {
  expect(titleOf("\n  What is\u2028Redis?  \nAnd Valkey?")).toBe("What is\u2028Redis?  ");
});
