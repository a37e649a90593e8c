import { Lexer, Marked } from "marked";
import { afterEach, expect, test, vi } from "vitest";
import { lex } from "./parser.ts";
import { settleTail } from "./settle-tail.ts";
import { widenFences } from "./widen-fences.ts";

afterEach(() => vi.restoreAllMocks());

const REPEATED =
  "*,_,**,~~,[,![,](,`,```,<,<!--,|,> ,- ,1. ,#,$,$$,\\(,\\[,\\,&,1, ,\n,\n\n,!,*a ,_a\n,[a\n,\\[a\n,漢\n,a|b\n-|-\n,a\n-|-\n".split(
    ",",
  );

test.each(REPEATED)("gives Marked short pieces of %j, however often it is repeated", (repeated) => {
  const inline = vi.spyOn(Lexer.prototype, "inlineTokens");
  const blocks = vi.spyOn(Lexer.prototype, "blockTokens");
  const length = 30_000;
  for (const before of ["", "x", "- x", "> x"]) {
    const source = before + repeated.repeat(length / repeated.length);
    const tokens = lex(source);
    expect(tokens.reduce((sum, { raw }) => sum + raw.length, 0)).toBe(source.length);
  }
  const textsOf = (calls: readonly (readonly unknown[])[]) => calls.map(([text]) => String(text));
  expect(textsOf(inline.mock.calls).filter(({ length: chars }) => chars > 4_000)).toEqual([]);
  expect(textsOf(blocks.mock.calls).filter((text) => text.split("\n").length > 3_001)).toEqual([]);
});

const lines = (count: number, lineOf: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => lineOf(n)).join("\n");
const code = (indent: string) => lines(800, (n) => `${indent}    const value${n} = [${n}, "- a", "# b"];\n`);

test.each([
  ["step with code", `1. Do:\n\n   \`\`\`js\n${code("   ")}\n   \`\`\`\n\n2. Then **that**.\n\nThe end.`],
  ["step with code in a nested list", `1. Do:\n   - a\n\n     ~~~\n${code("     ")}\n     ~~~\n   - b\n2. c`],
  ["step with indented code", `- Do:\n\n${code("  ")}\n\nThe end.`],
  ["quote with code", `> So:\n>\n> \`\`\`\n${code("> ")}\n> \`\`\`\n>\n> *Or:*\n\nThe end.`],
  [
    "quote with a list",
    `> 1. a\n${lines(800, (n) => `>    - point **${n}** of the list\n>\n>      and more of it`)}\n\nThe end.`,
  ],
  [
    "nested list",
    `1. a\n${lines(1_000, (n) => `   - point ${n} of the list\n     - **more** of it`)}\n2. b\n\nThe end.`,
  ],
  [
    "step with a table",
    `1. a\n\n   |a|b|\n   |-|-|\n${lines(1_000, (n) => `   |the cell ${n}|another|`)}\n2. b`,
  ],
  ["list of steps that are all 1", lines(5_000, (n) => `1. step **${n}**`)],
  ["list of steps with lines between", lines(1_400, (n) => `${n + 1}. step **${n}**\n\n   more\n`)],
  ["block of HTML", `<table>\n${lines(5_000, (n) => `      <tr><td>${n}</td></tr>`)}\n</table>\n\nThe end.`],
  ["line", `${lines(2_000, (n) => `Sentence ${n} goes **on**.`).replaceAll("\n", " ")}\n\nThe end.`],
  ["line without spaces", "**长句子**没有空格。".repeat(3_000)],
  ["paragraph", `${lines(2_500, (n) => `    line ${n} of a **poem**`).trim()}\n\nThe end.`],
])("parses a long %s as Marked does", (_, source) => {
  const marked = new Marked({ breaks: true });
  expect(source.length).toBeGreaterThan(20_000);
  expect(marked.parser([...lex(source)])).toBe(marked.parse(source));
});

// In the square of their lengths, each of these would take more than an hour.
test.each([
  ["spaces", `x${" ".repeat(3_000_000)}x`],
  ["lines of a list's item", `- x${"_\n".repeat(700_000)}`],
])("parses any number of %s", (_, source) => {
  expect(lex(source).length).toBeGreaterThan(0);
});

test("makes no code of what follows a run of spaces in a line", () => {
  expect(lex(`word${" ".repeat(30_000)}end`).map(({ type }) => type)).toEqual(["paragraph"]);
});

test("keeps every line break of a long paragraph", () => {
  const lines = 400;
  const [paragraph] = lex("a line of a long poem\n".repeat(lines));
  expect(childrenOf(paragraph ?? {}).filter((token) => "type" in token && token.type === "br").length).toBe(
    lines - 1,
  );
});

test("settles any number of begun formulas, marks and spaces", () => {
  expect(settleTail(`Open: ${"\\[a\n".repeat(500_000)}`).trim()).toBe("Open:");
  expect(settleTail("**_".repeat(100_000))).toBe("");
  expect(settleTail(`- ${" ".repeat(1_000_000)}x`)).toMatch(/x$/);
});

test("looks at each fence once, or at a few behind it", () => {
  const blocks = "```md\n```js\n```\n".repeat(300_000);
  expect(widenFences(blocks, true)).toBe(blocks);
});

test("takes deep quotes and lists for text", () => {
  for (const mark of ["> ", "- x\n  ", "1. "]) {
    const source = `${mark.repeat(20_000)}deep`;
    const depthOf = (tokens: readonly object[]): number =>
      1 + Math.max(0, ...tokens.map((token) => depthOf(childrenOf(token))));
    expect(depthOf(lex(source))).toBeLessThan(60);
  }
});

const childrenOf = (token: object): object[] =>
  ["tokens" as const, "items" as const].flatMap((name) =>
    name in token ? (token[name as never] ?? []) : [],
  );

test("cuts no code, HTML, list of short items or table", () => {
  const blocks = (source: string) => lex(source).filter(({ type }) => type !== "space");
  for (const begin of ["```\n", "    ", "<pre>\n", "<!--\n", "- ", "1. ", "|a|b|\n|-|-|\n"]) {
    const line = /^[- |\d]/.test(begin) ? `${begin.slice(0, 4)}a line|of it\n` : "a line\n\n    of it\n";
    expect(blocks(begin + line.repeat(10_000))).toHaveLength(1);
  }
});

test("reads formulas that are blocks between lines, and references to what follows far below", () => {
  const types = lex("Then\n\\[\nE = m\n\\]\nwhere").map(({ type }) => type);
  expect(types).toEqual(["paragraph", "math", "paragraph"]);
  const filling = "Some words.\n\n".repeat(3_000);
  const [first] = lex(`See [it][x].\n\n${filling}[x]: https://redis.io\n`);
  expect(JSON.stringify(first)).toContain('"href":"https://redis.io"');
});

test("reads a long derivation as one formula", () => {
  const formula = `\\[\n${"a &= b + c + d \\\\\n".repeat(350)}\\]`;
  expect(lex(`So:\n${formula}\nAs was asked.`).map(({ type }) => type)).toEqual([
    "paragraph",
    "math",
    "paragraph",
  ]);
});

test("gives a head of more columns than a table has no rows", () => {
  const source = `${"|a".repeat(2_000)}|\n${"|-".repeat(2_000)}|\n${"x\n".repeat(2_000)}`;
  expect(lex(source).map(({ type }) => type)).not.toContain("table");
});
