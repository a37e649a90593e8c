import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withLock } from "@redis-memory-magic/setup/base/lock";
import { type Machine, thisMachine } from "@redis-memory-magic/setup/base/machine";
import { npmCommand } from "@redis-memory-magic/setup/base/npm-command";
import type { Log } from "../log.ts";
import { isFull, removeLeftovers, requireSpace, sizeOf } from "./files.ts";
import { runOptions } from "./run-options.ts";
import { NoSpaceError, SetupError } from "./setup-error.ts";

const DEADLINE_MS = 5 * 60_000;

/** Packages that npm installs on need into a folder of their own. */
export interface Runtime {
  /** What it is for, in sentences for people. */
  readonly title: string;
  /** Of its folder. */
  readonly name: string;
  /** The module that it is reached by, in `node_modules`. */
  readonly entry: string;
  /** Bytes while it is installed, and megabytes afterwards. */
  readonly bytes: number;
  readonly size: string;
  /** Throws a `SetupError` where it does not run. */
  readonly packages: (machine: Machine) => readonly string[];
  /** Removes what this machine does not need. */
  readonly prune?: (folder: string) => Promise<void>;
}

const VERSION = "3.22.1";

const LLAMA_CPP: Runtime = {
  title: "the built-in model",
  name: `node-llama-cpp-${VERSION}`,
  entry: "node-llama-cpp/dist/index.js",
  bytes: 100_000_000,
  size: "llama.cpp, 85 MB",
  packages: (machine) => [`node-llama-cpp@${VERSION}`, `${runtimePackage(machine)}@${VERSION}`],
};

/** Platforms that node-llama-cpp has a compiled llama.cpp for. Nothing is ever compiled here. */
const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@node-llama-cpp/linux-x64",
  "linux-arm64": "@node-llama-cpp/linux-arm64",
  "linux-arm": "@node-llama-cpp/linux-armv7l",
  "linux-riscv64": "@node-llama-cpp/linux-riscv64",
  "darwin-arm64": "@node-llama-cpp/mac-arm64-metal",
  "darwin-x64": "@node-llama-cpp/mac-x64",
  "win32-x64": "@node-llama-cpp/win-x64",
  "win32-arm64": "@node-llama-cpp/win-arm64",
};

/** The package with the compiled part, or a `SetupError` where there is none. */
export function runtimePackage({ platform, arch, libc }: Machine): string {
  const name = PACKAGES[`${platform}-${arch}`];
  const action = "Use the Cloud or Local provider here.";
  if (name === undefined) {
    throw new SetupError(`The built-in model does not run on ${platform} ${arch}.`, action);
  }
  if (libc === "musl") {
    throw new SetupError(
      "The built-in model needs the GNU C library, and this system (Alpine, for example) has musl.",
      `${action} Or run the server on a Debian image.`,
    );
  }
  return name;
}

interface RuntimeOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The module that a runtime is reached by, as a file URL; undefined while it is not installed. */
export async function installedRuntime(cacheDir: string, runtime = LLAMA_CPP): Promise<string | undefined> {
  const entry = join(runtimeFolder(cacheDir, runtime), "node_modules", runtime.entry);
  return (await sizeOf(entry)) > 0 ? pathToFileURL(entry).href : undefined;
}

/**
 * Installs a runtime into a folder of its own, where it is missing. It is not a dependency of the workspace: with what it
 * installs by itself llama.cpp takes 742 MB, and not everyone needs it. Without scripts: its own would compile. Rejects
 * with a `SetupError`.
 */
export async function ensureRuntime(options: RuntimeOptions, runtime = LLAMA_CPP): Promise<string> {
  const { cacheDir, signal, log } = options;
  const installed = await installedRuntime(cacheDir, runtime);
  if (installed !== undefined) return installed;

  const packages = runtime.packages(thisMachine());
  const folder = runtimeFolder(cacheDir, runtime);
  const parent = join(cacheDir, "runtime");
  await requireSpace(parent, runtime.bytes);
  return await withLock(`${folder}.lock`, { signal }, async () => {
    const byAnother = await installedRuntime(cacheDir, runtime);
    if (byAnother !== undefined) return byAnother;

    log.info({}, `Installing the runtime of ${runtime.title} (${runtime.size}).`);
    await removeLeftovers(parent, DRAFT);
    const draft = await mkdtemp(join(parent, DRAFT));
    try {
      await install(draft, packages, options, runtime.title);
      await runtime.prune?.(draft);
      await rm(folder, { recursive: true, force: true });
      // Only a whole installation ever bears the folder's name.
      await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    const entry = await installedRuntime(cacheDir, runtime);
    if (entry === undefined) {
      throw new SetupError(`npm installed ${runtime.name} without its entry file.`, TRY_AGAIN);
    }
    return entry;
  });
}

const DRAFT = "installing-";
/** Enough of a program's output to show what went wrong. */
const TAIL_CHARS = 4_000;
const TRY_AGAIN = "Try again; the log has npm's own words.";

const runtimeFolder = (cacheDir: string, { name }: Runtime): string =>
  join(cacheDir, "runtime", `${name}-${process.platform}-${process.arch}`);

async function install(
  folder: string,
  packages: readonly string[],
  options: RuntimeOptions,
  title: string,
): Promise<void> {
  const { env, signal, log } = options;
  const npm = npmCommand(process.execPath, env);
  if (npm === undefined) {
    throw new SetupError(`npm is needed once to install ${title}, and was not found.`, INSTALL_NPM);
  }
  // Without a package.json of its own, npm would take the nearest one above.
  await writeFile(join(folder, "package.json"), '{ "private": true }\n');
  const args = ["install", "--prefix", folder, "--json", "--omit=optional", "--ignore-scripts"];
  const quick = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
  // Loaded here, as a server seldom installs anything.
  const { execa } = await import("execa");
  const { exitCode, stdout, stderr, timedOut } = await execa(
    npm.command,
    [...npm.args, ...args, ...quick, ...packages],
    { ...runOptions(env, signal), cwd: folder, timeout: DEADLINE_MS },
  );
  signal.throwIfAborted();
  if (timedOut) throw new SetupError("npm did not end within five minutes.", TRY_AGAIN);
  if (exitCode === 0) return;
  const { code, summary } = npmError(stdout);
  log.warn(
    { exit_code: exitCode, npm_error: code, stderr: stderr.slice(-TAIL_CHARS) },
    `npm could not install the runtime of ${title}.`,
  );
  if (code === "ENOSPC" || (await isFull(folder))) throw new NoSpaceError(folder);
  throw new SetupError(
    `npm could not install the runtime of ${title}: ${summary}`,
    "Check the network and npm's settings (registry, proxy), then try again.",
  );
}

const INSTALL_NPM = "Install npm (it comes with Node.js), then try again.";

function npmError(stdout: string): { code: string; summary: string } {
  try {
    const { error } = JSON.parse(stdout) as { error: { code: string; summary: string } };
    return { code: error.code, summary: error.summary };
  } catch {
    return { code: "unknown", summary: "it ended without a reason." };
  }
}
