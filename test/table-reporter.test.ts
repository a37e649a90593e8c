import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import { startVitest } from "vitest/node";
import { suitesOf, TableReporter } from "./table-reporter.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Runs the fixture's tests, and returns the page that the reporter writes. */
async function pageOf(testNamePattern?: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "table-reporter-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const outputFile = join(folder, "outcomes.md");
  const groupOf = (one: Parameters<typeof suitesOf>[0]) =>
    suitesOf(one)[0]?.name === "group" ? "a group" : undefined;
  const options = {
    config: false,
    watch: false,
    name: "outcomes",
    include: ["test/fixtures/outcomes.fixture.ts"],
    reporters: [new TableReporter({ outcomes: { title: "Outcomes", groupOf, software: () => ["nginx"] } })],
    outputFile,
    provide: { thorough: true },
    ...(testNamePattern !== undefined && { testNamePattern }),
  } satisfies Parameters<typeof startVitest>[2];
  const vitest = await startVitest("test", [], options, {}, { stdout: new PassThrough().resume() });
  // The fixture's failures are not those of this run.
  process.exitCode = 0;
  await vitest.close();
  return readFileSync(outputFile, "utf8").replace(/\b\d+\.\d+ \|/g, "0 |");
}

test("has a row for each measured, failed and skipped test, and counts the tests of a group", async () => {
  const page = await pageOf();
  expect(page).toMatch(/^# Outcomes\n\nMeasured by `npm run test:outcomes -- --outputFile /);
  expect(page).toMatch(/\| Node\.js [\d.]+, nginx \|/);
  expect(page).toContain("| a group | 1 | 1 | 0 |");
  expect(page).toContain("| measures | 10 | 0 | passed |");
  expect(page).toMatch(/\| measures and fails \| 2 \| 0 \| failed: expected 'lost' to be 'kept'/);
  expect(page).toContain("| needs nginx | 0 | not run: there is no nginx |");
  expect(page).toContain("| broken: never runs | 0 | failed: no server |");
});

test("leaves out the tests that -t filters out", async () => {
  const page = await pageOf("counted too");
  expect(page).toContain("| a group | 0 | 1 | 0 |");
  expect(page).not.toContain("measures");
});
