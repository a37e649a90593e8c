import { createHash } from "node:crypto";
import {
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
import { diskFull, Failure } from "./failure.mjs";
import { packageCommand } from "./package-command.mjs";
import { run } from "./run.mjs";

const DEADLINE_MS = 3 * 60_000;
const SOURCES = ["packages/web", "packages/protocol/src", "package-lock.json"];
const STAMP = ".sources-sha256";

/**
 * Builds the page, unless its build was made from these very sources.
 * @param {{ root: string, node: string, terminal: import("./terminal.mjs").Terminal, signal?: AbortSignal }} context
 */
export async function buildPageIfChanged({ root, node, terminal, signal }) {
  const stamp = join(root, "packages/web/dist", STAMP);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hashSources(root)) return;
  const task = terminal.task("Page");
  task.say("building");
  try {
    await buildPage({ root, node, signal });
  } catch (error) {
    task.drop();
    throw error;
  }
  task.done(`built (${task.elapsed()})`);
}

/**
 * Builds the page beside the former build, then puts it in its place: a server that serves the former one goes on, and
 * a build that was broken off is never served.
 * @param {{ root: string, node: string, signal?: AbortSignal }} context
 */
export async function buildPage({ root, node, signal }) {
  const web = join(root, "packages/web");
  mkdirSync(join(root, ".runtime"), { recursive: true });
  const folder = mkdtempSync(join(root, ".runtime", "page-"));
  const [fresh, former, dist] = [join(folder, "fresh"), join(folder, "former"), join(web, "dist")];
  try {
    const hash = hashSources(root);
    const vite = packageCommand(web, "vite");
    const result = await run(node, [vite, "build", "--outDir", fresh, "--emptyOutDir"], {
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

/** @param {string} root */
function hashSources(root) {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((source) => filesIn(join(root, source)))) {
    hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** All files of a folder, sorted; a file is itself. @param {string} path @returns {string[]} */
function filesIn(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return [path];
    throw error;
  }
  return entries
    .filter(({ name }) => name !== "dist" && name !== "node_modules")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]));
}
