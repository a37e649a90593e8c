import { counted } from "../counted.ts";
import type { CheckResult } from "./doctor/check-result.ts";
import { runChecks } from "./doctor/run-checks.ts";

export const DOCTOR_USAGE = `npm run doctor

Checks the deployment that the environment and .env describe, and prints a line for each check:
ok, warn (look at it) or fail (repair it). Ends with code 1 if a check fails.`;

const WIDTH = 14;
const COLORS = { ok: 32, warn: 33, fail: 31 };

/** A line for each check. */
function show({ level, what, text }: CheckResult): void {
  const mark = process.stdout.isTTY ? `\x1b[${COLORS[level]}m${level.padEnd(4)}\x1b[0m` : level.padEnd(4);
  console.log(`${mark}  ${what.padEnd(WIDTH)} ${text}`);
}

/** Prints what each check found. The exit code is 1 if one failed. */
export async function doctor(): Promise<void> {
  const counts = { ok: 0, warn: 0, fail: 0 };
  for await (const result of runChecks(process.env)) {
    counts[result.level]++;
    show(result);
  }
  console.log(`\n${counts.ok} ok, ${counted(counts.warn, "warning")}, ${counts.fail} failed`);
  if (counts.fail > 0) process.exitCode = 1;
}
