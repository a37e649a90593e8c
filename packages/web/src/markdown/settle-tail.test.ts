import { expect, test } from "vitest";
import { settleTail } from "./settle-tail.ts";

test.each([
  ["a bullet that has nothing to say yet", "Text\n-", "Text"],
  ["a number that may become a list", "Text\n12.", "Text"],
  ["a heading's marks", "Text\n\n##", "Text\n"],
  ["a line under a paragraph, which would make it a heading", "Text\n---", "Text"],
  ["a fence that begins", "Text\n``", "Text"],
  ["a task's box", "- [ ", ""],
])("holds back %s", (_, source, shown) => {
  expect(settleTail(source)).toBe(shown);
});

test.each([
  ["emphasis", "some **bold wor", "some **bold wor**"],
  ["emphasis before a space", "some **bold ", "some **bold**"],
  ["emphasis in emphasis", "*a **b", "*a **b***"],
  ["code", "call `LLEN ke", "call `LLEN ke`"],
  ["a mark with nothing behind it", "some **", "some "],
  ["a code's mark with nothing behind it", "call `", "call "],
])("closes %s", (_, source, shown) => {
  expect(settleTail(source)).toBe(shown);
});

test.each([
  ["closed emphasis", "some **bold** words"],
  ["a product", "2 * 3 * 4"],
  ["a name with underscores", "the_key_name"],
  ["stars in code", "`a ** b` and"],
  ["escaped marks", "a \\*literal star"],
  ["a list", "- one\n- two wor"],
])("leaves alone %s", (_, source) => {
  expect(settleTail(source)).toBe(source);
});

test("shows a link as text until its address is complete", () => {
  expect(settleTail("see [the do")).toBe("see the do");
  expect(settleTail("see [the docs]")).toBe("see the docs");
  expect(settleTail("see [the docs](https://red")).toBe("see the docs");
  expect(settleTail("see [the docs](https://redis.io)")).toBe("see [the docs](https://redis.io)");
});

test("shows a table once its border has arrived", () => {
  expect(settleTail("Keys:\n\n| a | b |")).toBe("Keys:\n");
  expect(settleTail("Keys:\n\n| a | b |\n|--")).toBe("Keys:\n");
  expect(settleTail("Keys:\n\n| a | b |\n|---|---|\n| 1")).toBe("Keys:\n\n| a | b |\n|---|---|\n| 1");
});

test("leaves code unchanged, except for a possible closing fence", () => {
  expect(settleTail("```ts\nconst a = b ** c;\n- x\n-")).toBe("```ts\nconst a = b ** c;\n- x\n-");
  expect(settleTail("```ts\nconst a = 1;\n``")).toBe("```ts\nconst a = 1;");
  expect(settleTail("```ts\nx\n```\nthen **bo")).toBe("```ts\nx\n```\nthen **bo**");
});

test.each([
  ["Area \\( \\pi r", "Area"],
  ["Then\n\n\\[\nE = m", "Then"],
  ["So $$\\frac{a}", "So"],
  ["So $$a$$ and", "So $$a$$ and"],
])("holds back an open formula: %j", (source, shown) => {
  expect(settleTail(source).trim()).toBe(shown);
});

test("opens no code after a code block with an empty line in it", () => {
  const source = "```js\na();\n\nb();\n```\n";
  expect(settleTail(source)).toBe(source);
});

test("holds back any number of formulas that are begun", () => {
  expect(settleTail(`Open: ${"\\( ".repeat(20_000)}`).trim()).toBe("Open:");
});
