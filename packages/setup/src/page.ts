import { createHash } from "node:crypto";
import {
  type Dirent,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { diskFull, Failure } from "../base/failure.mjs";
import type { SetupContext } from "./context.ts";
import { packageCommand } from "./package-command.ts";
import { run } from "./run.ts";

const DEADLINE_MS = 3 * 60_000;
const SOURCES = ["packages/web", "packages/protocol/src", "package-lock.json"];
const STAMP = ".sources-sha256";

/** Builds the page, unless its build was made from these very sources. */
export async function buildPageIfChanged({ root, terminal, signal }: SetupContext): Promise<void> {
  const stamp = join(root, "packages/web/dist", STAMP);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hashSources(root)) return;
  const task = terminal.task("Page");
  task.say("building");
  try {
    await buildPage({ root, signal });
  } catch (error) {
    task.drop();
    throw error;
  }
  task.done(`built (${task.elapsed()})`);
}

/**
 * Builds the page beside the former build, then puts it in its place: a server of the former one keeps running, and
 * a build that was broken off is never served.
 */
export async function buildPage({ root, signal }: Pick<SetupContext, "root" | "signal">): Promise<void> {
  const web = join(root, "packages/web");
  mkdirSync(join(root, ".runtime"), { recursive: true });
  const folder = mkdtempSync(join(root, ".runtime", "page-"));
  const fresh = join(folder, "fresh");
  const former = join(folder, "former");
  const dist = join(web, "dist");
  try {
    const hash = hashSources(root);
    const vite = packageCommand(web, "vite");
    const result = await run(process.execPath, [vite, "build", "--outDir", fresh, "--emptyOutDir"], {
      cwd: web,
      signal,
      deadlineMs: DEADLINE_MS,
      env: { ...process.env, NODE_ENV: "production" },
    });
    if (!result.ok && result.output.includes("ENOSPC")) throw new Failure(diskFull(web));
    if (!result.ok)
      throw new Failure(`The page could not be built: vite ${result.problem}.\n${result.output}`);
    writeFileSync(join(fresh, STAMP), hash);
    if (existsSync(dist)) renameSync(dist, former);
    renameSync(fresh, dist);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hashSources(root: string): string {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((source) => filesIn(join(root, source)))) {
    hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** All files of a folder, sorted; a file is itself. */
function filesIn(path: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [path];
    throw error;
  }
  return entries
    .filter(({ name }) => name !== "dist" && name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]));
}
