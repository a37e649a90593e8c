import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain, Failure } from "../packages/setup/base/failure.mjs";
import { installOnce } from "./installed.ts";

/** Each takes some hundred megabytes. */
const KEPT_COMMITS = 3;
/** Longer than an installation takes: what is half filled and older belongs to an interrupted run. */
const HALF_FILLED_MS = 60 * 60_000;
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

/** Marks a commit's folder as used, and removes those that were used longest ago and those of interrupted runs. */
export function removeUnused(root: string): void {
  const now = new Date();
  utimesSync(root, now, now);
  const cache = dirname(root);
  const foldersNamed = (pattern: RegExp) =>
    readdirSync(cache)
      .filter((name) => pattern.test(name))
      .flatMap((name) => {
        const folder = join(cache, name);
        // Another run may rename or remove a folder meanwhile.
        const usedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
        return usedAt === undefined ? [] : [{ folder, usedAt }];
      });
  const commits = foldersNamed(/^[0-9a-f]{40}$/).toSorted((a, b) => b.usedAt - a.usedAt);
  const halfFilled = foldersNamed(/^[0-9a-f]{40}-/);
  const isOld = ({ usedAt }: { usedAt: number }) => usedAt < now.getTime() - HALF_FILLED_MS;
  for (const { folder } of [...commits.slice(KEPT_COMMITS), ...halfFilled.filter(isOld)])
    rmSync(folder, { recursive: true, force: true });
}
