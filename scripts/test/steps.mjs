import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain, Interrupted } from "../setup/failure.mjs";
import { packageCommand } from "../setup/package-command.mjs";
import { buildPage } from "../setup/page.mjs";
import { run } from "../setup/run.mjs";

/**
 * @typedef {import("./vitest-reporter.mjs").Results & { output: string, said?: string }} Result
 *   `output`: what is shown when something failed; `said`: in place of the counts
 * @typedef {{ name: string, run: (say: (text: string) => void) => Promise<Result> }} Step
 *
 * @typedef {object} Context
 * @property {string} root
 * @property {string} node
 * @property {string} folder for temporary files
 * @property {NodeJS.ProcessEnv} env
 * @property {{ path: string } | { reason: string }} chromium `reason`: why there is none
 * @property {AbortSignal} signal
 */

const MINUTE = 60_000;
const REPORTER = fileURLToPath(new URL("./vitest-reporter.mjs", import.meta.url));
const BROWSER_CONFIG = "e2e/vitest.config.ts";

/** @param {Context} context @returns {Step[]} */
export function testSteps(context) {
  return [
    commandStep(context, "format and lint", [["@biomejs/biome", "biome", "ci", "--colors=off", "."]]),
    commandStep(
      context,
      "types",
      [".", "packages/web", "scripts"].map((project) => ["typescript", "tsc", "-p", project]),
    ),
    commandStep(context, "unused code", [["knip", "knip"]]),
    { name: "tests", run: (say) => vitest(context, [], 15 * MINUTE, say) },
    { name: "page", run: () => page(context) },
    { name: "tests in the browser", run: (say) => browserTests(context, say) },
  ];
}

/**
 * Several commands that count as one check.
 * @param {Context} context
 * @param {string} name
 * @param {string[][]} commands each a package, its command and the arguments
 * @returns {Step}
 */
function commandStep(context, name, commands) {
  return {
    name,
    async run() {
      const outputs = [];
      for (const [packageName = "", command = "", ...args] of commands) {
        const result = await runPackage(context, packageName, command, args, 3 * MINUTE);
        if (!result.ok) outputs.push(`${command} ${args.join(" ")} ${result.problem}\n${result.output}`);
      }
      return check(name, outputs.join("\n"));
    },
  };
}

/** @param {Context} context */
async function page(context) {
  try {
    await buildPage(context);
    return check("page", "");
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return check("page", explain(error));
  }
}

/** @param {string} name @param {string} output empty: it passed @returns {Result} */
function check(name, output) {
  return output
    ? { passed: 0, failed: [name], skipped: [], output }
    : { passed: 1, failed: [], skipped: [], output: "" };
}

/** @param {Context} context @param {(text: string) => void} say @returns {Promise<Result>} */
async function browserTests(context, say) {
  const { chromium, root } = context;
  if (!existsSync(join(root, BROWSER_CONFIG))) {
    return { passed: 0, failed: [], skipped: [], output: "", said: "there are none yet" };
  }
  if ("path" in chromium) {
    const env = { ...context.env, CHROMIUM_PATH: chromium.path };
    return vitest({ ...context, env }, ["--config", BROWSER_CONFIG], 30 * MINUTE, say);
  }
  return notRun(context, ["--config", BROWSER_CONFIG], chromium.reason);
}

/**
 * @param {Context} context
 * @param {string[]} args
 * @param {number} deadlineMs
 * @param {(text: string) => void} say
 * @returns {Promise<Result>}
 */
async function vitest(context, args, deadlineMs, say) {
  const file = join(context.folder, `results-${args.length}.json`);
  const env = { ...context.env, TEST_RESULTS_FILE: file };
  const all = ["run", "--reporter=default", `--reporter=${REPORTER}`, ...args];
  const { ok, output, problem } = await runPackage(
    { ...context, env },
    "vitest",
    "vitest",
    all,
    deadlineMs,
    say,
  );
  if (!existsSync(file)) return { passed: 0, failed: [`Vitest ${problem}`], skipped: [], output };
  const results = JSON.parse(readFileSync(file, "utf8"));
  if (!ok && results.failed.length === 0) results.failed.push(`Vitest ${problem}, though no test failed`);
  return { ...results, output };
}

/**
 * All tests of a configuration as skipped, by name.
 * @param {Context} context
 * @param {string[]} args
 * @param {string} reason
 * @returns {Promise<Result>}
 */
async function notRun(context, args, reason) {
  const file = join(context.folder, "not-run.json");
  const { output } = await runPackage(
    context,
    "vitest",
    "vitest",
    ["list", `--json=${file}`, ...args],
    MINUTE,
  );
  if (!existsSync(file)) return { passed: 0, failed: ["The tests could not be listed"], skipped: [], output };
  /** @type {{ name: string }[]} */
  const tests = JSON.parse(readFileSync(file, "utf8"));
  return { passed: 0, failed: [], skipped: tests.map(({ name }) => ({ name, reason })), output: "" };
}

/**
 * @param {Context} context
 * @param {string} packageName
 * @param {string} command
 * @param {string[]} args
 * @param {number} deadlineMs
 * @param {(text: string) => void} [say]
 */
function runPackage({ root, node, env, signal }, packageName, command, args, deadlineMs, say) {
  const script = packageCommand(root, packageName, command);
  return run(node, [script, ...args], { cwd: root, env, signal, deadlineMs, onLine: say });
}
