import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { endProcess, killGroup } from "../packages/setup/base/end-process.mjs";
import { diskFull, Failure, Interrupted } from "../packages/setup/base/failure.mjs";
import { guardProcess, unguardProcess } from "../packages/setup/base/guard.mjs";
import { npmCommand } from "../packages/setup/base/npm-command.mjs";

const DEADLINE_MS = 20 * 60_000;
const GRACE_MS = 3_000;
const OUTPUT_CHARS = 200_000;

/**
 * Runs npm.
 * @param {string[]} args
 * @param {{ cwd: string, signal: AbortSignal, what: string, node?: string }} options
 *   `what`: what is being fetched, for the message when it fails; `node`: what runs npm, as npm leaves out optional
 *   packages, the platform's binaries among them, that do not fit the version that runs it
 * @returns {Promise<void>} rejects with a `Failure`
 */
export async function npm(args, { cwd, signal, what, node = process.execPath }) {
  const command = npmCommand(node);
  if (!command) throw new Failure("npm was not found. Install Node.js together with npm, then start again.");
  const all = [
    ...command.args,
    ...args,
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=warn",
  ];
  const result = await run(command.command, all, { cwd, signal, env: npmEnvironment(process.env, node) });
  // A file that could not be unpacked is a mere warning to npm, on a full disk too.
  if (result.problem || result.output.includes("TAR_ENTRY_ERROR"))
    throw new Failure(explainNpm(result, what, cwd));
}

/**
 * Runs a command in a process group of its own.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal }} options
 * @returns {Promise<{ output: string, problem: string }>} `problem`: why it failed, empty if it did not
 */
export async function run(command, args, { cwd, env, signal }) {
  if (signal.aborted) throw new Interrupted();
  const detached = process.platform !== "win32";
  const child = spawn(command, args, {
    cwd,
    env,
    detached,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  guardProcess(pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output = (output + data).slice(-OUTPUT_CHARS);
    });
  }
  let cut = "";
  const stop = (/** @type {string} */ why) => {
    cut ||= why;
    if (pid !== undefined) endProcess(pid, GRACE_MS);
  };
  const timer = setTimeout(() => stop("was not done within 20 minutes"), DEADLINE_MS);
  const onAbort = () => stop("was interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  const problem = await new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started (${error.message})`));
    child.once("close", (code, name) => resolve(code === 0 ? "" : `ended with ${name ?? `code ${code}`}`));
    // What it left running would keep its pipes open.
    child.once("exit", () => pid !== undefined && killGroup(pid));
  });
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
  unguardProcess(pid);
  if (signal.aborted) throw new Interrupted();
  return { output, problem: cut || problem };
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
    return `${what} could not be installed: npm may not write to ${folder} or to its cache (${code}). Correct the owner of these folders, or name another cache in npm_config_cache, then start again.`;
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
