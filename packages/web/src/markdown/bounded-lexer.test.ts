import { Lexer } from "marked";
import { afterEach, expect, test, vi } from "vitest";
import { lex } from "./parser.ts";
import { settleTail } from "./settle-tail.ts";
import { widenFences } from "./widen-fences.ts";

afterEach(() => vi.restoreAllMocks());

const REPEATED =
  "*,_,**,~~,[,![,](,`,```,<,<!--,|,> ,- ,1. ,#,$,$$,\\(,\\[,\\,&,1, ,\n,\n\n,!,*a ,_a\n,[a\n,\\[a\n,漢\n,a|b\n-|-\n".split(
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
  const lengths = (calls: readonly (readonly unknown[])[]) => calls.map(([text]) => String(text).length);
  expect(lengths(inline.mock.calls).filter((chars) => chars > 4_000)).toEqual([]);
  // Code and tables are not cut.
  const cut = lengths(blocks.mock.calls).filter((chars) => chars > 20_000);
  expect(/[`~|]/.test(repeated) || cut.length === 0).toBe(true);
});

// In the square of their lengths, each of these would take more than an hour.
test.each([
  ["spaces", `x${" ".repeat(3_000_000)}x`],
  ["lines of a list's item", `- x${"_\n".repeat(700_000)}`],
])("parses any number of %s", (_, source) => {
  expect(lex(source).length).toBeGreaterThan(0);
});

test("makes no code of what follows a run of spaces in a line", () => {
  const types = lex(`word${" ".repeat(30_000)}end`).map(({ type }) => type);
  expect(types.filter((type) => type !== "space")).toEqual(["paragraph", "paragraph"]);
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

test("cuts a long list between its items, and no table", () => {
  const items = Array.from({ length: 3_000 }, (_, n) => `${n + 1}. an item of a list\n`).join("");
  const lists = lex(items);
  expect(lists.map(({ type }) => type)).toEqual(lists.map(() => "list"));
  expect(lists.flatMap((list) => childrenOf(list)).length).toBe(3_000);
  const table = `|a|b|\n|-|-|\n${"|a cell|another|\n".repeat(3_000)}`;
  expect(lex(table).map(({ type }) => type)).toEqual(["table"]);
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
