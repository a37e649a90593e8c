import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onStage } from "../faults/stage.ts";
import type { Outcome } from "./outcome.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const VITEST = fileURLToPath(new URL("node_modules/vitest/vitest.mjs", `file://${ROOT}`));
const DEADLINE_MS = 180_000;

/** What `npm test` holds too, a file for each kind of attack. */
const SUITES: Readonly<Record<string, string>> = {
  "tokens: alg none, wrong issuer, audience or key, expired, not yet valid, key confusion, unknown keys":
    "src/http/access-tokens.test.ts",
  "logins: fixation, forged and replayed callbacks, open redirects, CSRF, logout with a live stream":
    "src/http/login.test.ts",
  "guests' cookies: tampering, CSRF, DNS rebinding, a copy after logout": "src/http/guests.test.ts",
  "API keys: both headers, mixed case, twice, revoked with a live stream": "src/http/api-keys.test.ts",
  "ownership over every route of /openapi.json": "src/http/ownership.test.ts",
  "limits: by owner, address, group and server; forged X-Forwarded-For": "src/http/limits.test.ts",
  "no authentication: foreign pages and names (DNS rebinding)": "src/http/same-machine.test.ts",
  "Redis away: keys hold for 30 s": "src/identity/verified-cache.test.ts",
  "erasing and exporting an owner": "src/commands/commands.test.ts",
};

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export function suites(): Promise<Outcome[]> {
  return onStage(async ({ redis }) => {
    const outcomes: Outcome[] = [];
    for (const [attack, file] of Object.entries(SUITES)) {
      const args = [VITEST, "run", `packages/server/${file}`, "--reporter=json"];
      const options = {
        cwd: ROOT,
        env: { ...process.env, TEST_REDIS_URL: redis.url },
        timeout: DEADLINE_MS,
        maxBuffer: 64 * 1024 * 1024,
      };
      const stdout = await promisify(execFile)(process.execPath, args, options).then(
        (done) => done.stdout,
        (error: { stdout?: string }) => error.stdout ?? "",
      );
      const report = JSON.parse(stdout.slice(stdout.indexOf('{"num'))) as Report;
      const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
      const found = results.filter(({ status }) => status !== "passed").map(({ fullName }) => fullName);
      if (results.length === 0) found.push(`${file} could not be run`);
      outcomes.push({ attack, tries: results.length, found, note: `\`${file}\`` });
    }
    return outcomes;
  });
}
