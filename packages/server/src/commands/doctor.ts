import { examine } from "./doctor/examine.ts";
import type { Finding } from "./doctor/finding.ts";

const WIDTH = 14;
const COLORS = { ok: 32, warn: 33, fail: 31 };

/** A line for each check. */
function show({ level, what, text }: Finding): void {
  const mark = process.stdout.isTTY ? `\x1b[${COLORS[level]}m${level.padEnd(4)}\x1b[0m` : level.padEnd(4);
  console.log(`${mark}  ${what.padEnd(WIDTH)} ${text}`);
}

try {
  process.loadEnvFile();
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
const counts = { ok: 0, warn: 0, fail: 0 };
for await (const finding of examine(process.env)) {
  counts[finding.level]++;
  show(finding);
}
console.log(`\n${counts.ok} ok, ${counts.warn} to look at, ${counts.fail} to mend`);
if (counts.fail > 0) process.exitCode = 1;
