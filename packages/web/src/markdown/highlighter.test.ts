import { expect, test } from "vitest";
import { languageOf, loadHighlighter } from "./highlighter.ts";

const CODE = "const a = `one\ntwo`; // three\nconst b = 4;";

test("a code that grows is highlighted as if it had been there at once", async () => {
  const [growing, whole] = await Promise.all([loadHighlighter("typescript"), loadHighlighter("typescript")]);
  for (let end = 0; end <= CODE.length; end++) growing.lines(CODE.slice(0, end));
  expect(growing.lines(CODE)).toEqual(whole.lines(CODE));
  expect(whole.lines(CODE)[0]?.[0]).toEqual({ text: "const", kind: "keyword" });
  expect(
    growing
      .lines("other")
      .flat()
      .map(({ text }) => text)
      .join(""),
  ).toBe("other");
});

test("nothing of the code is lost", async () => {
  const highlighter = await loadHighlighter("typescript");
  const text = highlighter
    .lines(CODE)
    .map((line) => line.map((token) => token.text).join(""))
    .join("\n");
  expect(text).toBe(CODE);
});

test("names and aliases of languages", () => {
  expect(languageOf("TS")).toBe("typescript");
  expect(languageOf("c++")).toBe("cpp");
  expect(languageOf("python")).toBe("python");
  expect(languageOf("brainfuck")).toBeNull();
  expect(languageOf("constructor")).toBeNull();
  expect(languageOf("")).toBeNull();
});
