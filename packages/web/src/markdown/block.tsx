import type { MarkedToken, Token, Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { t } from "../texts/later.ts";
import { CodeBlock } from "./code-block.tsx";
import { formula, inline, isMath } from "./inline.tsx";

/** A block. Memoised by its token: a settled block renders once. */
export const Block = memo(function Block({ token }: { token: Token }): ReactNode {
  const block = token as MarkedToken;
  switch (block.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      // Levels 1 and 2 belong to the page, so an answer's headings start at level 3.
      const Heading = `h${Math.min(6, block.depth + 2)}` as "h3";
      return (
        <Heading data-depth={block.depth} dir="auto">
          {inline(block.tokens)}
        </Heading>
      );
    }
    case "paragraph":
      return <p dir="auto">{inline(block.tokens)}</p>;
    case "text":
      return block.tokens === undefined ? block.text : inline(block.tokens);
    case "list":
      return <List list={block} />;
    case "code":
      return <CodeBlock code={block.text} language={block.lang ?? ""} />;
    case "blockquote":
      return <blockquote dir="auto">{blocks(block.tokens)}</blockquote>;
    case "table":
      return <Table table={block} />;
    case "hr":
      return <hr />;
    case "checkbox":
      return inline([block]);
    default:
      if (isMath(block)) return <p>{formula(block)}</p>;
      // Raw HTML, above all, is shown as text.
      return (
        <p className="markdown-raw" dir="auto">
          {(block as Token).raw.trim()}
        </p>
      );
  }
});

function blocks(tokens: readonly Token[]): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end, so the index is stable.
  return tokens.map((token, index) => <Block key={index} token={token} />);
}

function List({ list: { ordered, start, items } }: { list: Tokens.List }) {
  const rows = items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end, so the index is stable.
    <li key={index} dir="auto" data-task={item.task || undefined}>
      {blocks(item.tokens)}
    </li>
  ));
  return ordered ? (
    <ol dir="auto" start={start === "" ? 1 : start}>
      {rows}
    </ol>
  ) : (
    <ul dir="auto">{rows}</ul>
  );
}

function Table({ table: { header, rows } }: { table: Tokens.Table }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard.
    <section className="markdown-table" tabIndex={0} aria-label={t.markdown.table}>
      <table dir="auto">
        <thead>
          <tr>
            {header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name.
              <th key={index} scope="col" data-align={cell.align ?? undefined}>
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, rowIndex) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name.
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name.
                <td key={index} data-align={cell.align ?? undefined}>
                  {inline(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
