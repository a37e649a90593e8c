/** What came of a fault that was tried so many times. */
export interface Outcome {
  readonly fault: string;
  readonly tries: number;
  /** Each thing that did not hold, in words. */
  readonly losses: readonly string[];
  /** Why it was not tried. */
  readonly notRun?: string;
}

export function printTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ fault, tries, losses, notRun }) => [
    fault,
    notRun === undefined ? String(tries) : "not run",
    notRun ?? String(losses.length),
  ]);
  const width = Math.max(...rows.map(([fault = ""]) => fault.length));
  console.log(`\n| ${"fault".padEnd(width)} | tries | losses |`);
  console.log(`|${"-".repeat(width + 2)}|------:|-------:|`);
  for (const [fault = "", tries = "", losses = ""] of rows) {
    console.log(`| ${fault.padEnd(width)} | ${tries.padStart(5)} | ${losses.padStart(6)} |`);
  }
  for (const { fault, losses } of outcomes) {
    for (const loss of losses.slice(0, 10)) console.log(`\n${fault}: ${loss}`);
  }
}
