import { parseArgs } from "node:util";
import { floods } from "./floods.ts";
import { foreignSessions } from "./foreign-sessions.ts";
import { fuzzEveryMode } from "./fuzzing.ts";
import { type Outcome, printTable } from "./outcome.ts";
import { secretsEverywhere } from "./secrets.ts";
import { slowConnections } from "./slow-connections.ts";
import { smuggling } from "./smuggling.ts";
import { suites } from "./suites.ts";

/**
 * Tries every attack, and prints what came of it. `--only <text>` tries those whose name holds the text. Nothing of
 * it goes further than this machine, except for fetching schemathesis when it is not there.
 */
const ATTACKS: Readonly<Record<string, () => Promise<Outcome | readonly Outcome[]>>> = {
  suites,
  fuzzing: () => fuzzEveryMode({ seconds: 40 }),
  "foreign-sessions": () => foreignSessions({ requests: 100_000 }),
  floods,
  "slow-connections": () => slowConnections({ connections: 1000 }),
  smuggling,
  secrets: secretsEverywhere,
};

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const outcomes: Outcome[] = [];
for (const [name, attempt] of Object.entries(ATTACKS)) {
  if (!name.includes(values.only)) continue;
  const started = performance.now();
  // One that cannot be carried out is told with the others, and keeps none of them from being tried.
  const came = [
    await attempt().catch((error) => ({ attack: name, tries: 0, found: [String(error)] })),
  ].flat();
  outcomes.push(...came);
  const found = came.reduce((sum, outcome) => sum + outcome.found.length, 0);
  console.log(`${name}: ${found} found, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
if (outcomes.length === 0) throw new Error(`No attack has "${values.only}" in its name.`);
printTable(outcomes);
process.exitCode = outcomes.some(({ found }) => found.length > 0) ? 1 : 0;
