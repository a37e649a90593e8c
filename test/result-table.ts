import type { Row } from "./row.ts";

/** Formats rows as Markdown. Rows that follow each other and have the same columns share a table. */
export function markdownTables(rows: readonly Row[]): string {
  const tables: Row[][] = [];
  for (const row of rows) {
    const table = tables.at(-1);
    if (table?.[0] && Object.keys(table[0]).join() === Object.keys(row).join()) table.push(row);
    else tables.push([row]);
  }
  return tables.map(markdownTable).join("\n\n");
}

function markdownTable(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const isNumeric = (column: string) => rows.every((row) => typeof row[column] === "number");
  const lines = [
    columns,
    columns.map((column) => (isNumeric(column) ? "--:" : "---")),
    ...rows.map((row) => columns.map((column) => cell(row[column] ?? ""))),
  ];
  return lines
    .map((cells) => (cells[0] === "---" ? `|${cells.join("|")}|` : `| ${cells.join(" | ")} |`))
    .join("\n");
}

const cell = (value: string | number): string =>
  typeof value === "number"
    ? value.toLocaleString("en")
    : value.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 300);
