import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const VERSION = "4.32.5";
const INSTALL_MS = 180_000;

/**
 * A tool of PyPI that fuzzes what OpenAPI describes, installed into the user's cache folder when it is not there.
 * @returns how to run it, or why it cannot be had
 */
export async function findSchemathesis(): Promise<{ folder: string } | { reason: string }> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(cache, "redis-memory-magic", `schemathesis-${VERSION}`);
  if (await isThere(folder)) return { folder };
  const args = ["-m", "pip", "install", "--quiet", "--target", folder, `schemathesis==${VERSION}`];
  try {
    await run("python3", args, { timeout: INSTALL_MS });
  } catch (error) {
    const words = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split("\n")
      .at(-1);
    return { reason: `schemathesis cannot be installed by python3 -m pip: ${words}` };
  }
  return { folder };
}

const isThere = (folder: string): Promise<boolean> =>
  access(join(folder, "bin", "schemathesis")).then(
    () => true,
    () => false,
  );

/** Fuzzes a running API, and tells what it reported. */
export async function fuzz({
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
  const args = [
    ["-m", "schemathesis.cli", "run", `${base}/openapi.json`, "--url", base],
    ["--phases", "coverage,fuzzing", "--max-time", String(seconds), "--workers", "2"],
    ["--checks", CHECKS.join(), "--continue-on-failure", "--no-color"],
    Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
  ].flat();
  const options = {
    env: { ...process.env, PYTHONPATH: folder },
    timeout: (seconds + 120) * 1000,
    maxBuffer: 64 * 1024 * 1024,
    cwd: folder,
  };
  const attempt = () =>
    run("python3", args, options).then(
      (done) => ({ stdout: done.stdout, failed: false }),
      (error: { stdout?: string; message: string }) => ({
        stdout: error.stdout || error.message,
        failed: true,
      }),
    );
  let { stdout, failed } = await attempt();
  // Python 3.11's parser trips over the tool's own deep generators now and then: that says nothing of the API.
  if (stdout.includes("SystemError: AST constructor")) ({ stdout, failed } = await attempt());
  const cases = Number(/(\d+) generated/.exec(stdout)?.[1] ?? 0);
  return { cases, report: stdout, ok: !failed && cases > 0 };
}

/** No answer of 5xx, none that the description does not have, none that is not as it describes. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
];
