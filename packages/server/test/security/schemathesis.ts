import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const VERSION = "4.32.5";
const INSTALL_MS = 180_000;

/**
 * Finds schemathesis, which fuzzes what OpenAPI describes, or installs it into the user's cache folder.
 * @returns its folder, or why it cannot be installed
 */
export async function findSchemathesis(): Promise<{ folder: string } | { reason: string }> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "redis-memory-magic", `schemathesis-${VERSION}`);
  if (await isThere(folder)) return { folder };
  const args = ["-m", "pip", "install", "--quiet", "--target", folder, `schemathesis==${VERSION}`];
  try {
    await run("python3", args, { timeout: INSTALL_MS });
  } catch (error) {
    const message = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split("\n")
      .at(-1);
    return { reason: `schemathesis cannot be installed by python3 -m pip: ${message}` };
  }
  return { folder };
}

const isThere = (folder: string): Promise<boolean> =>
  access(join(folder, "bin", "schemathesis")).then(
    () => true,
    () => false,
  );

/** Fuzzes a running API, and returns what schemathesis reported. */
export async function runSchemathesis({
  folder,
  base,
  headers,
  seconds,
}: {
  folder: string;
  base: string;
  headers: Readonly<Record<string, string>>;
  seconds: number;
}): Promise<{ cases: number; report: string; ok: boolean }> {
  const args = (phases: string) =>
    [
      ["-m", "schemathesis.cli", "run", `${base}/openapi.json`, "--url", base],
      ["--phases", phases, "--max-time", String(seconds), "--workers", "2"],
      ["--checks", CHECKS.join(), "--continue-on-failure", "--no-color"],
      Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ].flat();
  const options = {
    env: { ...process.env, PYTHONPATH: folder },
    timeout: (seconds + 120) * 1000,
    maxBuffer: 64 * 1024 * 1024,
    cwd: folder,
  };
  const attempt = (phases: string) =>
    run("python3", args(phases), options).then(
      (done) => ({ stdout: done.stdout, failed: false }),
      (error: { stdout?: string; message: string }) => ({
        stdout: error.stdout || error.message,
        failed: true,
      }),
    );
  let { stdout, failed } = await attempt("coverage,fuzzing");
  // Python 3.11's parser sometimes fails on the tool's own deep generators, whatever the API does: mostly while they
  // are listed for coverage.
  const isToolError = () => stdout.includes("SystemError: AST constructor") && !/\d+ found \d+/.test(stdout);
  for (let tries = 0; tries < 3 && isToolError(); tries++) ({ stdout, failed } = await attempt("fuzzing"));
  const cases = Number(/(\d+) generated/.exec(stdout)?.[1] ?? 0);
  return { cases, report: stdout, ok: !failed && cases > 0 };
}

/** No response of 5xx, and every response as it is described. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
];
