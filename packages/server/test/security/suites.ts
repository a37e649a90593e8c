import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    "src/http/hooks/access-tokens.test.ts",
  "logins: fixation, forged and replayed callbacks, open redirects, CSRF, logout with a live stream":
    "src/http/routes/login.test.ts",
  "guests' cookies: tampering, CSRF, DNS rebinding, a copy after logout": "src/http/hooks/guests.test.ts",
  "API keys: both headers, mixed case, twice, revoked with a live stream": "src/http/hooks/api-keys.test.ts",
  "ownership over every route of /openapi.json": "src/http/hooks/ownership.test.ts",
  "limits: by owner, address, group and server; forged X-Forwarded-For": "src/http/hooks/limits.test.ts",
  "no authentication: foreign pages and names (DNS rebinding)": "src/http/hooks/loopback-guard.test.ts",
  "Redis away: keys hold for 30 s": "src/identity/verified-cache.test.ts",
  "erasing and exporting an owner": "src/commands/commands.test.ts",
};

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export function suites(): Promise<Outcome[]> {
  return onStage(async ({ redis }) => {
    const outcomes: Outcome[] = [];
    const folder = await mkdtemp(join(tmpdir(), "suites-"));
    const file = join(folder, "report.json");
    for (const [attack, suite] of Object.entries(SUITES)) {
      const args = [VITEST, "run", `packages/server/${suite}`, "--reporter=json", `--outputFile=${file}`];
      const options = { cwd: ROOT, env: { ...process.env, TEST_REDIS_URL: redis.url }, timeout: DEADLINE_MS };
      // Tests that fail make it fail too; the report says which.
      await promisify(execFile)(process.execPath, args, options).catch(() => {});
      const text = await readFile(file, "utf8").catch(() => '{"testResults":[]}');
      await rm(file, { force: true });
      const report = JSON.parse(text) as Report;
      const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
      const found = results.filter(({ status }) => status !== "passed").map(({ fullName }) => fullName);
      if (results.length === 0) found.push(`${suite} could not be run`);
      outcomes.push({ attack, tries: results.length, found, note: `\`${suite}\`` });
    }
    await rm(folder, { recursive: true });
    return outcomes;
  });
}
