import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "./error-table.ts";

const DOCS = new URL("../../../../docs/reference/errors.md", import.meta.url);

// | `code` | status | retry | what happened | what to do |
const ROW = /^\| `(\w+)` \| (\d{3}) \| (yes|no) \| (.+?\.) \| (.+\.) \|$/;

const rows = readFileSync(DOCS, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"));

test("the documentation has every code of the table once, with its status, retry and advice", () => {
  const documented = rows.map((row) => {
    expect(row).toMatch(ROW);
    const [, code = "", status, retry, , advice = ""] = ROW.exec(row) ?? [];
    return { code, status: Number(status), retry: retry === "yes", advice: withoutLinks(advice) };
  });
  const inTable = Object.entries(ERRORS).map(([code, { status, retry, advice }]) => ({
    code,
    status,
    retry,
    advice,
  }));
  const byCode = (a: { code: string }, b: { code: string }) => (a.code < b.code ? -1 : 1);
  expect(documented.toSorted(byCode)).toEqual(inTable.toSorted(byCode));
});

const withoutLinks = (text: string): string => text.replace(/ \(\[[^\]]+\]\([^)]+\)\)/g, "");

test("no error is a success, and titles are no sentences", () => {
  for (const { status, title } of Object.values(ERRORS)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
  }
});
