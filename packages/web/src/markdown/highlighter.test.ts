import { expect, test } from "vitest";
import { languageOf, loadHighlighter } from "./highlighter.ts";

const CODE = "const a = `one\ntwo`; // three\nconst b = 4;";

test("highlights growing code as it highlights the whole", async () => {
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

test("keeps every character of the code", async () => {
  const highlighter = await loadHighlighter("typescript");
  const text = highlighter
    .lines(CODE)
    .map((line) => line.map((token) => token.text).join(""))
    .join("\n");
  expect(text).toBe(CODE);
});

test("knows languages by name and alias", () => {
  expect(languageOf("TS")).toBe("typescript");
  expect(languageOf("c++")).toBe("cpp");
  expect(languageOf("python")).toBe("python");
  expect(languageOf("brainfuck")).toBeNull();
  expect(languageOf("constructor")).toBeNull();
  expect(languageOf("")).toBeNull();
});
