import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installByApt } from "../setup/apt.mjs";
import { userCache } from "../setup/cache-folder.mjs";
import { findOnPath } from "../setup/find-on-path.mjs";
import { packageCommand } from "../setup/package-command.mjs";
import { run } from "../setup/run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge"];
const DOWNLOAD_MS = 10 * 60_000;

/**
 * @typedef {{ root: string, node: string, terminal: import("../setup/terminal.mjs").Terminal, signal: AbortSignal }} Context
 * @typedef {{ path: string } | { reason: string }} Found `reason`: why there is none
 */

/**
 * A Chromium that runs: CHROMIUM_PATH, one on the PATH or at its usual place, Playwright's; else one is installed.
 * @param {Context} context
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Found>}
 */
export async function findChromium(context, env) {
  const { signal } = context;
  if (env.CHROMIUM_PATH) {
    if (await runs(env.CHROMIUM_PATH, signal)) return { path: env.CHROMIUM_PATH };
    return { reason: `CHROMIUM_PATH=${env.CHROMIUM_PATH} does not run` };
  }
  const found = await firstThatRuns(candidates(env), signal);
  if (found) return { path: found };

  const apt = await installByApt("chromium", { ...context, title: "Chromium" });
  const installed = apt.installed && (await firstThatRuns(candidates(env), signal));
  if (installed) return { path: installed };

  const problem = await downloadByPlaywright(context);
  const downloaded = problem ? undefined : await firstThatRuns(candidates(env), signal);
  if (downloaded) return { path: downloaded };
  const reasons = [apt.reason, problem || "Playwright's Chromium does not run here"]
    .filter(Boolean)
    .join("; ");
  return {
    reason: `no Chromium was found, and none could be installed (${reasons}). Set CHROMIUM_PATH to one`,
  };
}

/** @param {NodeJS.ProcessEnv} env */
function candidates(env) {
  const onPath = NAMES.map((name) => findOnPath(name));
  return [...onPath, ...usualPlaces(env), ...playwrightsOwn(env)].filter((path) => path !== undefined);
}

/** @param {NodeJS.ProcessEnv} env */
function usualPlaces(env) {
  if (process.platform === "darwin") {
    return ["Chromium", "Google Chrome"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform !== "win32") return [];
  return [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => [
      join(folder, "Google/Chrome/Application/chrome.exe"),
      join(folder, "Microsoft/Edge/Application/msedge.exe"),
    ]);
}

/** What Playwright has downloaded, the newest first. @param {NodeJS.ProcessEnv} env */
function playwrightsOwn(env) {
  const folder = env.PLAYWRIGHT_BROWSERS_PATH || join(userCache(env), "ms-playwright");
  const builds = existsSync(folder) ? readdirSync(folder).filter((name) => /^chromium-\d+$/.test(name)) : [];
  return builds
    .sort((a, b) => Number(b.split("-")[1]) - Number(a.split("-")[1]))
    .flatMap((build) => [
      join(folder, build, "chrome-linux", "chrome"),
      join(folder, build, "chrome-linux64", "chrome"),
      join(folder, build, "chrome-mac", "Chromium.app", "Contents", "MacOS", "Chromium"),
      join(folder, build, "chrome-win", "chrome.exe"),
      join(folder, build, "chrome-win64", "chrome.exe"),
    ]);
}

/** @param {string[]} paths @param {AbortSignal} signal */
async function firstThatRuns(paths, signal) {
  for (const path of paths) {
    if (existsSync(path) && (await runs(path, signal))) return path;
  }
  return undefined;
}

/** @param {string} path @param {AbortSignal} signal */
async function runs(path, signal) {
  // On Windows it would open a window instead.
  if (process.platform === "win32") return existsSync(path);
  return (await run(path, ["--version"], { deadlineMs: 20_000, signal })).ok;
}

/** @param {Context} context @returns {Promise<string>} why it failed; empty when it did not */
async function downloadByPlaywright({ root, node, terminal, signal }) {
  const task = terminal.task("Chromium");
  task.say("fetching Playwright's build");
  try {
    const result = await run(node, [packageCommand(root, "playwright-core"), "install", "chromium"], {
      cwd: root,
      deadlineMs: DOWNLOAD_MS,
      signal,
      onLine: (line) => /\d+%/.test(line) && task.say(line.replace(/^[|■\s]*/, "")),
    });
    if (result.ok) return "";
    const words = /^.*(?:ENOSPC|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|Error: ).*$/m
      .exec(result.output)?.[0]
      .trim();
    return `Playwright's download ${result.problem}${words ? `: ${words}` : ""}`;
  } finally {
    task.drop();
  }
}
