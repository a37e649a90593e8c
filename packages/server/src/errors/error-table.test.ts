import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "./error-table.ts";

const DOCS = new URL("../../../../docs/reference/errors.md", import.meta.url);

// | `code` | status | what happened | what to do |
const ROW = /^\| `(\w+)` \| (\d{3}) \| (.+\.) \| (.+\.) \|$/;

const rows = readFileSync(DOCS, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"));

test("every row of the documentation tells a code, its status, what happened and what to do", () => {
  for (const row of rows) expect(row).toMatch(ROW);
});

test("the documentation has every code of the table with its status, once, and no other", () => {
  const documented = rows.map((row) => {
    const [, code = "", status] = ROW.exec(row) ?? [];
    return [code, Number(status)] as const;
  });
  const inTable = Object.entries(ERRORS).map(([code, { status }]) => [code, status] as const);
  const byCode = ([a]: readonly [string, number], [b]: readonly [string, number]) => (a < b ? -1 : 1);
  expect(documented.toSorted(byCode)).toEqual(inTable.toSorted(byCode));
});

test("no error is a success, and titles are no sentences", () => {
  for (const { status, title } of Object.values(ERRORS)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
  }
});
