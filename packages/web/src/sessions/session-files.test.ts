import { expect, test } from "vitest";
import { fileName } from "./session-files.ts";

test("makes a file name that every file system accepts", () => {
  expect(fileName("My name is Bob")).toBe("My name is Bob");
  expect(fileName('a/b\\c: "d"\n?')).toBe("a b c d");
  expect(fileName("   ")).toBe("session");
  expect(fileName("x".repeat(200))).toHaveLength(60);
  expect(fileName(`${"x".repeat(59)}🎉🎉`)).toBe(`${"x".repeat(59)}🎉`);
  expect(fileName(`${"x".repeat(59)} y`)).toBe("x".repeat(59));
});
