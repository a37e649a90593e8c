import { expect, type TestContext } from "vitest";
import { recordRow } from "../../../../test/row.ts";

/** What came of an attack. */
export interface Outcome {
  readonly tries: number;
  /** Each weakness that was found. */
  readonly found: readonly string[];
  /** What was measured. */
  readonly note: string;
}

/** An attack that needs a program which is not on this machine. */
export interface NotRun {
  readonly notRun: string;
}

/** Runs an attack in a test: records the row of the table, and fails if a weakness was found. */
export async function findsNothing(context: TestContext, attack: Promise<Outcome | NotRun>): Promise<void> {
  const outcome = await attack;
  if ("notRun" in outcome) return context.skip(outcome.notRun);
  const { tries, found, note } = outcome;
  recordRow(context, { tries, found: found.length, note });
  expect(found.slice(0, 10)).toEqual([]);
  expect(tries).toBeGreaterThan(0);
}
