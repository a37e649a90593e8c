import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { diskFull, Failure } from "./failure.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { run } from "./run.mjs";

const DEADLINE_MS = 20 * 60_000;

/**
 * Runs npm.
 * @param {string[]} args
 * @param {{ cwd: string, signal?: AbortSignal, what: string, node?: string }} options
 *   `what`: what is being fetched, for the message when it fails; `node`: what runs npm, as npm leaves out optional
 *   packages, the platform's binaries among them, that do not fit the version that runs it
 * @returns {Promise<void>} rejects with a `Failure`
 */
export async function npm(args, { cwd, signal, what, node = process.execPath }) {
  const { command, prefix } = npmCommand(node);
  const result = await run(
    command,
    [...prefix, ...args, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=warn"],
    {
      cwd,
      signal,
      deadlineMs: DEADLINE_MS,
      env: npmEnvironment(process.env, node),
    },
  );
  // A file that could not be unpacked is a mere warning to npm, on a full disk too.
  const isBroken = result.output.includes("TAR_ENTRY_ERROR");
  if (!result.ok || isBroken) throw new Failure(explainNpm(result, what, cwd));
}

/** npm's own script where it can be found: Windows' `npm.cmd` could only be run by a shell. @param {string} node */
function npmCommand(node) {
  const launcher = findOnPath("npm");
  const real = launcher && realpathSync(launcher);
  const candidates = [
    process.env.npm_execpath,
    real,
    launcher && join(dirname(launcher), "node_modules", "npm", "bin", "npm-cli.js"),
  ];
  const script = candidates.find((path) => path && basename(path) === "npm-cli.js" && existsSync(path));
  if (script) return { command: node, prefix: [script] };
  if (launcher && process.platform !== "win32") return { command: launcher, prefix: [] };
  throw new Failure("npm was not found. Install Node.js together with npm, then start again.");
}

/** @param {NodeJS.ProcessEnv} env @param {string} node @returns {NodeJS.ProcessEnv} */
function npmEnvironment(env, node) {
  const own = Object.fromEntries(
    // The folder of the npm that runs `npm start` is none of this one's business.
    Object.entries(env).filter(
      ([name]) => name !== "npm_config_local_prefix" && name !== "npm_config_prefix",
    ),
  );
  return {
    // npm's own waits between retries add up to minutes without a network.
    npm_config_fetch_retry_mintimeout: "1000",
    npm_config_fetch_retry_maxtimeout: "5000",
    ...own,
    NODE_ENV: "development",
    PATH: [dirname(node), env.PATH].filter(Boolean).join(delimiter),
  };
}

/**
 * @param {{ output: string, problem: string }} result
 * @param {string} what
 * @param {string} folder
 */
export function explainNpm({ output, problem }, what, folder) {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? "";
  if (code === "ENOSPC" || /ENOSPC/.test(output)) return diskFull(folder);
  if (
    /^(ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET|FETCH_ERROR|EPROTO|.*CERT)/.test(
      code,
    )
  ) {
    return `${what} could not be fetched: npm's registry cannot be reached (${code}). Check the network and the proxy settings (npm config list), then start again.`;
  }
  if (/^E(401|403|407|404|5\d\d)$/.test(code)) {
    return `${what} could not be fetched: npm's registry or a proxy refused it (${code}). Check npm's settings (npm config list), then start again.`;
  }
  if (code === "EACCES" || code === "EPERM") {
    return `${what} could not be installed: npm may not write to ${folder} or to its cache (${code}). Correct the owner of these folders, then start again.`;
  }
  if (code === "EINTEGRITY") {
    return `${what} arrived damaged. Run npm cache verify, then start again.`;
  }
  const words = output
    .match(/^npm (?:error|ERR!|warn tar) .*$/gm)
    ?.slice(0, 4)
    .map((line) => line.replace(/^npm \S+ /, ""));
  return `${what} could not be installed: npm ${problem || "could not unpack all of it"}.${words?.length ? ` It says: ${words.join(" ")}` : ""}`;
}
