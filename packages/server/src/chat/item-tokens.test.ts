import { expect, test } from "vitest";
import { attachmentTokens } from "./item-tokens.ts";

const blob = `sha256-${"a".repeat(43)}`;

test("images count by their size, files by a guess, text nothing more", () => {
  const tokensOf = (...parts: { [field: string]: string | number }[]) =>
    attachmentTokens({ id: "1", role: "user", content: "", createdAt: new Date(0), parts });
  expect(tokensOf({ type: "input_text", text: "Hi" })).toBe(0);
  expect(tokensOf({ type: "input_image", blob, width: 64, height: 32 })).toBe(2);
  expect(tokensOf({ type: "input_file", blob }, { type: "input_file", blob })).toBe(2000);
});
