import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { userCache } from "../../base/cache-folder.mjs";
import { findOnPath } from "../../base/find-on-path.mjs";
import { packageManager } from "../../base/redis-ways.mjs";
import type { SetupContext } from "../context.ts";
import { packageCommand } from "../package-command.ts";
import { installSystemPackage } from "../package-manager.ts";
import { run } from "../run.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge"];
const DOWNLOAD_MS = 10 * 60_000;

/** `reason`: why there is none. */
export type FoundChromium = { readonly path: string } | { readonly reason: string };

/** Finds a Chromium that runs: CHROMIUM_PATH, one on the PATH or at its usual place, Playwright's; else installs one. */
export async function findChromium(context: SetupContext, env: NodeJS.ProcessEnv): Promise<FoundChromium> {
  const { signal } = context;
  if (env.CHROMIUM_PATH) {
    if (await runs(env.CHROMIUM_PATH, signal)) return { path: env.CHROMIUM_PATH };
    return { reason: `CHROMIUM_PATH=${env.CHROMIUM_PATH} does not run` };
  }
  const found = await firstThatRuns(candidates(env), signal);
  if (found) return { path: found };

  const notInstalled = packageManager() ? await installSystemPackage("chromium", context) : "";
  const installed = await firstThatRuns(candidates(env), signal);
  if (installed) return { path: installed };

  const problem = await downloadByPlaywright(context);
  const downloaded = problem ? undefined : await firstThatRuns(candidates(env), signal);
  if (downloaded) return { path: downloaded };
  const reasons = [notInstalled, problem || "Playwright's Chromium does not run here"]
    .filter(Boolean)
    .join("; ");
  return {
    reason: `no Chromium was found, and none could be installed (${reasons}). Set CHROMIUM_PATH to one`,
  };
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const onPath = NAMES.map((name) => findOnPath(name));
  return [...onPath, ...usualPlaces(env), ...playwrightsOwn(env)].filter((path) => path !== undefined);
}

function usualPlaces(env: NodeJS.ProcessEnv): string[] {
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

/** What Playwright has downloaded, the newest first. */
function playwrightsOwn(env: NodeJS.ProcessEnv): string[] {
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

async function firstThatRuns(paths: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  for (const path of paths) {
    if (existsSync(path) && (await runs(path, signal))) return path;
  }
  return undefined;
}

async function runs(path: string, signal: AbortSignal): Promise<boolean> {
  // On Windows it would open a window instead.
  if (process.platform === "win32") return existsSync(path);
  return (await run(path, ["--version"], { deadlineMs: 20_000, signal })).ok;
}

/** Resolves with why it failed; empty if it did not. */
async function downloadByPlaywright({ root, terminal, signal }: SetupContext): Promise<string> {
  const task = terminal.task("Chromium");
  task.say("fetching Playwright's build");
  try {
    const result = await run(
      process.execPath,
      [packageCommand(root, "playwright-core"), "install", "chromium"],
      {
        cwd: root,
        deadlineMs: DOWNLOAD_MS,
        signal,
        onLine: (line) => {
          if (/\d+%/.test(line)) task.say(line.replace(/^[|■\s]*/, ""));
        },
      },
    );
    if (result.ok) return "";
    const words = /^.*(?:ENOSPC|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|Error: ).*$/m
      .exec(result.output)?.[0]
      .trim();
    return `Playwright's download ${result.problem}${words ? `: ${words}` : ""}`;
  } finally {
    task.drop();
  }
}
