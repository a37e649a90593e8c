import { expect, type TestContext } from "vitest";
import { recordRow } from "../../../../test/row.ts";

/** What came of trying a fault. */
export interface Outcome {
  readonly tries: number;
  /** Each promise that did not hold. */
  readonly losses: readonly string[];
}

/** Makes a test of a fault: it records the row of the table, and fails if anything was lost. */
export const losesNothing =
  (attempt: () => Promise<Outcome>) =>
  async (context: TestContext): Promise<void> => {
    const { tries, losses } = await attempt();
    recordRow(context, { tries, losses: losses.length });
    expect(tries).toBeGreaterThan(0);
    expect(losses.slice(0, 10)).toEqual([]);
  };
