/** What came of an attack that was tried so many times. */
export interface Outcome {
  readonly attack: string;
  readonly tries: number;
  /** Each thing that did not hold, in words. */
  readonly found: readonly string[];
  /** What was measured. */
  readonly note?: string;
  /** Why it was not tried. */
  readonly notRun?: string;
}

export function printTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ attack, tries, found, note = "", notRun }) =>
    notRun === undefined
      ? [attack, tries.toLocaleString("en"), String(found.length), note]
      : [attack, "not run", "", notRun],
  );
  console.log("\n| attack | tries | found | |\n|---|--:|--:|---|");
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  for (const { attack, found } of outcomes) {
    for (const one of found.slice(0, 10)) console.log(`\n${attack}: ${one}`);
  }
}
