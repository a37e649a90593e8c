import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The sources of a commit, with their packages installed. */
export interface OtherCommit {
  readonly commit: string;
  readonly root: string;
  remove(): void;
}

/** Checks out the commit that `--beside COMMIT` names, so that a bench can measure it in the same run. */
export function checkOutOtherCommit(): OtherCommit | undefined {
  const { values } = parseArgs({ options: { beside: { type: "string" }, write: { type: "boolean" } } });
  if (values.beside === undefined) return undefined;
  const git = (...args: string[]): Buffer =>
    execFileSync("git", args, { cwd: ROOT, maxBuffer: 2 ** 30, stdio: ["ignore", "pipe", "inherit"] });
  const commit = git("rev-parse", "--short", "--verify", `${values.beside}^{commit}`).toString().trim();
  const root = mkdtempSync(join(tmpdir(), "bench-"));
  execFileSync("tar", ["-x", "-C", root], { input: git("archive", commit) });
  const install = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  execFileSync("npm", install, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  return { commit, root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
