import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, Interrupted } from "../packages/setup/base/failure.mjs";
import { withLock } from "../packages/setup/base/lock.mjs";
import { thisMachine } from "../packages/setup/base/machine.mjs";
import { npm } from "./npm.mjs";

const POLL_MS = 500;

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[], link?: boolean }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 */

/**
 * Installs what package-lock.json names, unless exactly that is installed.
 * @param {{ root: string, node: string, terminal: import("../packages/setup/base/terminal.mjs").Terminal, signal: AbortSignal }} context
 */
export async function installPackages({ root, node, terminal, signal }) {
  const wanted = readLock(join(root, "package-lock.json"));
  if (!wanted)
    throw new Failure(
      `${join(root, "package-lock.json")} is missing or damaged. Restore it, then start again.`,
    );
  const paths = Object.entries(wanted.packages)
    .filter(([path, entry]) => path.startsWith("node_modules/") && !entry.link && !entry.optional)
    .map(([path]) => join(root, path, "package.json"));
  const areInstalled = () => {
    const installed = readLock(join(root, "node_modules", ".package-lock.json"));
    // npm's record outlives packages that were removed by hand.
    return installed && isInstalled(wanted, installed) && paths.every(existsSync);
  };
  if (areInstalled()) return;

  const task = terminal.task("Packages");
  mkdirSync(join(root, ".runtime"), { recursive: true });
  const onWait = () => task.say("waiting for another start of this clone, which installs them");
  try {
    await withLock(join(root, ".runtime", "packages.lock"), { signal, onWait }, async () => {
      if (!areInstalled()) await install({ root, node, signal, task, paths });
    });
  } catch (error) {
    task.drop();
    throw signal.aborted ? new Interrupted() : error;
  }
  task.done(`${paths.length} installed (${task.elapsed()})`);
}

/**
 * @param {{ root: string, node: string, signal: AbortSignal, paths: string[] } & { task: ReturnType<import("../packages/setup/base/terminal.mjs").Terminal["task"]> }} context
 */
async function install({ root, node, signal, task, paths }) {
  task.say("installing");
  const timer = setInterval(() => {
    task.progress({ done: paths.filter(existsSync).length, total: paths.length, unit: "packages" });
  }, POLL_MS);
  try {
    // Development packages too: the page is built here.
    await npm(["ci", "--include=dev"], { cwd: root, node, signal, what: "The packages" });
  } catch (error) {
    // What npm says that it installed is not to be believed.
    rmSync(join(root, "node_modules", ".package-lock.json"), { force: true });
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * npm's record of what it installed says the same as the lock file. Optional packages may be missing when they are not
 * for this machine.
 * @param {Lock} wanted
 * @param {Lock} installed
 * @param {Machine} [machine]
 */
export function isInstalled(wanted, installed, machine = thisMachine()) {
  const complete = Object.entries(wanted.packages).every(([path, entry]) => {
    const present = installed.packages[path];
    if (!present) return path === "" || (entry.optional === true && !isMadeFor(entry, machine));
    return present.version === entry.version && present.integrity === entry.integrity;
  });
  // A folder that another system filled, for instance through a container's mount, has that one's binaries.
  const ours = Object.values(installed.packages).every((entry) => isFor(entry, machine));
  return complete && ours;
}

/** @typedef {import("../packages/setup/base/machine.mjs").Machine} Machine */

/** @param {LockEntry} entry @param {Machine} machine */
function isFor({ os, cpu, libc }, machine) {
  const fits = (/** @type {string[] | undefined} */ names, /** @type {string | undefined} */ own) =>
    names === undefined || own === undefined || names.includes(own);
  return fits(os, machine.platform) && fits(cpu, machine.arch) && fits(libc, machine.libc);
}

/** A binary for this very platform: what needs it does not work without. @param {LockEntry} entry @param {Machine} machine */
function isMadeFor(entry, machine) {
  return entry.os !== undefined && entry.cpu !== undefined && isFor(entry, machine);
}

/** @param {string} path @returns {Lock | undefined} */
function readLock(path) {
  try {
    const lock = JSON.parse(readFileSync(path, "utf8"));
    return typeof lock.packages === "object" ? lock : undefined;
  } catch {
    return undefined;
  }
}
