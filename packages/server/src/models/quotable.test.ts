import { expect, test } from "vitest";
import { quotable } from "./quotable.ts";

test("a sentence that is cut inside a surrogate pair can be stored", () => {
  const quoted = quotable(`${"x".repeat(299)}😀 and more`, []);
  expect(quoted.isWellFormed()).toBe(true);
  expect(quoted).toMatch(/^x{299}\ufffd?…$/);
});
