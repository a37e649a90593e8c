import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain, Failure } from "../packages/setup/base/failure.mjs";
import { installOnce } from "./installed.ts";

/** Each takes some hundred megabytes. */
const KEPT_COMMITS = 3;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The sources of a commit, with the packages that its own lock file names. */
export interface OtherCommit {
  readonly commit: string;
  readonly root: string;
}

/**
 * Checks out the commit that `--beside COMMIT` names, so that a bench can measure it in the same run. Where that fails, it
 * prints what to do and exits.
 */
export async function checkOutOtherCommit(name: string | undefined): Promise<OtherCommit | undefined> {
  try {
    return name === undefined ? undefined : await checkOut(name);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

async function checkOut(name: string): Promise<OtherCommit> {
  const id = spawnSync("git", ["rev-parse", "--verify", `${name}^{commit}`], { cwd: ROOT, encoding: "utf8" });
  if (id.status !== 0)
    throw new Failure(`This clone has no commit ${name}. Run git fetch --unshallow, or name another one.`);
  const commit = id.stdout.trim();
  const root = await installOnce({
    name: commit,
    what: `What commit ${name} needs`,
    prepare: (folder) => {
      const sources = execFileSync("git", ["archive", commit], { cwd: ROOT, maxBuffer: 2 ** 30 });
      execFileSync("tar", ["-x", "-C", folder], { input: sources });
    },
    // Not what is installed here: its own lock file may name packages that this commit no longer has.
    npm: ["ci", "--omit=dev"],
  });
  removeUnused(root);
  return { commit: commit.slice(0, 7), root };
}

/** Marks a commit's folder as used, and removes those that were used longest ago. */
export function removeUnused(root: string): void {
  const now = new Date();
  utimesSync(root, now, now);
  const cache = dirname(root);
  readdirSync(cache)
    // Those that an interrupted run has left half filled begin with a commit too.
    .filter((name) => /^[0-9a-f]{40}/.test(name))
    .map((name) => ({ folder: join(cache, name), usedAt: statSync(join(cache, name)).mtimeMs }))
    .toSorted((a, b) => b.usedAt - a.usedAt)
    .slice(KEPT_COMMITS)
    .forEach(({ folder }) => {
      rmSync(folder, { recursive: true, force: true });
    });
}
