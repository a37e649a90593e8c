import { expect, test } from "vitest";
import { markdownTables } from "./result-table.ts";

test("puts rows with the same columns into one table, and aligns numbers to the right", () => {
  const rows = [
    { fault: "Redis is killed", tries: 1000, note: "once" },
    { fault: "Redis is full", tries: 2, note: "twice" },
    { attack: "flood", found: 0 },
  ];
  expect(markdownTables(rows)).toBe(
    [
      "| fault | tries | note |",
      "|---|--:|---|",
      "| Redis is killed | 1,000 | once |",
      "| Redis is full | 2 | twice |",
      "",
      "| attack | found |",
      "|---|--:|",
      "| flood | 0 |",
    ].join("\n"),
  );
});

test("keeps a cell on one line, escapes bars and shortens long text", () => {
  expect(markdownTables([{ seen: "a|b\n  c" }])).toContain("| a\\|b c |");
  expect(markdownTables([{ seen: "x".repeat(1000) }]).length).toBeLessThan(400);
});
