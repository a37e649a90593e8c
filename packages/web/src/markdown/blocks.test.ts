import fc from "fast-check";
import { marked } from "marked";
import { expect, test } from "vitest";
import { type Blocks, parseBlocks } from "./blocks.ts";

const TEXT = `# Title

Some *text* with \`code\`.

- one
- two

  more of two
- three

\`\`\`ts
const a = 1;

const b = 2;
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

The end.
`;
const types = ({ settled, tail }: Blocks) =>
  [...settled, ...tail].map(({ type }) => type).filter((type) => type !== "space");

test("gives the same blocks however the text is cut", () => {
  for (const size of [1, 3, 20]) {
    let blocks: Blocks | undefined;
    for (let end = size; end < TEXT.length + size; end += size)
      blocks = parseBlocks(TEXT.slice(0, end), blocks);
    expect(blocks && types(blocks)).toEqual(types(parseBlocks(TEXT)));
  }
});

test("keeps settled blocks as the same objects", () => {
  const before = parseBlocks("One.\n\nTwo.\n\nThr");
  const after = parseBlocks("One.\n\nTwo.\n\nThree.\n\nFo", before);
  expect(after.settled.slice(0, before.settled.length)).toEqual(before.settled);
  expect(after.settled[0]).toBe(before.settled[0]);
});

test("parses a different text from the start", () => {
  expect(types(parseBlocks("# New", parseBlocks("Old.\n\nText")))).toEqual(["heading"]);
});

test("keeps every character of the document", () => {
  const line = fc.constantFrom(
    "# h",
    "- a",
    "1. b",
    "```",
    "text *x*",
    "",
    "> q",
    "| a | b |",
    "|--|--|",
    "<b>",
    "    c",
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const source = lines.join("\n");
      expect(
        marked
          .lexer(source)
          .map(({ raw }) => raw)
          .join(""),
      ).toBe(source);
    }),
  );
});
