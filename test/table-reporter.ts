import { execFileSync } from "node:child_process";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";
import { writeResultPage } from "../docs/results/result-page.ts";
import { serverBinary } from "../packages/memory/test/servers.ts";
import { markdownTables } from "./result-table.ts";
import type { Row } from "./row.ts";

/** How the tests of a suite are shown. */
export interface SuiteTable {
  readonly title: string;
  /** The group in whose row a test is only counted, or undefined if the test has a row of its own. */
  readonly groupOf?: (test: TestCase) => string | undefined;
  /** What was used besides Node.js, if it is not this machine's Redis. */
  readonly software?: () => readonly string[];
}

interface Count {
  passed: number;
  failed: number;
  ms: number;
}

/**
 * Prints what the tests measured as a table: a row for each test, with the columns that it gave to `recordRow`, and
 * a row for each group of tests that are only counted. `--outputFile docs/results/NAME.md` makes a page of it.
 */
export class TableReporter implements Reporter {
  readonly #suites: Readonly<Record<string, SuiteTable>>;
  #vitest: Vitest | undefined;

  /** @param suites by the name of their Vitest project */
  constructor(suites: Readonly<Record<string, SuiteTable>>) {
    this.#suites = suites;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const name = modules[0]?.project.name ?? "";
    const suite = this.#suites[name];
    if (suite === undefined) return;
    const body = markdownTables(rowsOf(modules, suite));
    this.#vitest?.logger.log(`\n${body}\n`);
    const file = this.#vitest?.config.outputFile;
    if (typeof file !== "string") return;
    const command = `npm run test:${name} -- --outputFile ${relative(process.cwd(), file)}`;
    const software = suite.software?.() ?? [serverVersion()];
    writeResultPage(file, { title: suite.title, command, software, body });
  }
}

/** Such as "Redis server v=7.0.15". */
const serverVersion = (): string =>
  /^.* v=\S+/.exec(execFileSync(serverBinary(), ["--version"], { encoding: "utf8" }))?.[0] ?? "";

function rowsOf(modules: readonly TestModule[], { groupOf }: SuiteTable): Row[] {
  const rows: Row[] = [];
  const counts = new Map<string, Count>();
  for (const module of modules) {
    if (module.errors().length > 0)
      rows.push({
        test: relative(process.cwd(), module.moduleId),
        result: "failed: the file could not be run",
      });
    for (const test of module.children.allTests()) {
      const result = resultOf(test);
      if (result === undefined) continue;
      const ms = test.diagnostic()?.duration ?? 0;
      const group = groupOf?.(test);
      if (group === undefined) {
        rows.push({ test: titleOf(test), ...test.meta().row, seconds: seconds(ms), result });
        continue;
      }
      const count = counts.get(group) ?? { passed: 0, failed: 0, ms: 0 };
      counts.set(group, count);
      if (result === "passed") count.passed++;
      else if (result.startsWith("failed")) count.failed++;
      count.ms += ms;
    }
  }
  const counted = [...counts].map(([tests, { passed, failed, ms }]) => ({
    tests,
    passed,
    failed,
    seconds: seconds(ms),
  }));
  return [...counted, ...rows];
}

/** Returns undefined for a test that `-t` filtered out. */
function resultOf(test: TestCase): string | undefined {
  const { state, errors, ...result } = test.result();
  if (state === "passed") return "passed";
  if (state === "pending") return "failed: it did not end";
  if (state === "failed") return `failed: ${errors?.[0]?.message ?? "no error was reported"}`;
  const broken = suitesOf(test).find((suite) => suite.errors().length > 0);
  if (broken) return `failed: ${broken.errors()[0]?.message}`;
  return "note" in result && result.note ? `not run: ${result.note}` : undefined;
}

const titleOf = (test: TestCase): string => [...suitesOf(test).map(({ name }) => name), test.name].join(": ");

/** The `describe` blocks around a test, from the outside to the inside. */
export function suitesOf(test: TestCase): TestSuite[] {
  const suites: TestSuite[] = [];
  for (let parent = test.parent; parent.type === "suite"; parent = parent.parent) suites.unshift(parent);
  return suites;
}

const seconds = (ms: number): number => Number((ms / 1000).toFixed(1));
