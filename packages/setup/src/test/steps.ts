import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explain, Interrupted } from "../../base/failure.mjs";
import { packageCommand } from "../package-command.ts";
import { buildPage } from "../page.ts";
import { type RunResult, run } from "../run.ts";
import type { FoundChromium } from "./chromium.ts";
import type { Results } from "./vitest-reporter.ts";

/** `output`: what is shown when something failed; `said`: in place of the counts. */
export type StepResult = Results & { readonly output: string; readonly said?: string };

export interface Step {
  readonly name: string;
  readonly run: (say: (text: string) => void) => Promise<StepResult>;
}

interface Context {
  readonly root: string;
  /** For temporary files. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly chromium: FoundChromium;
  readonly signal: AbortSignal;
}

const MINUTE = 60_000;
const REPORTER = fileURLToPath(new URL("./vitest-reporter.ts", import.meta.url));
const BROWSER_CONFIG = "e2e/vitest.config.ts";

export function testSteps(context: Context): Step[] {
  return [
    commandStep(context, "format and lint", [["@biomejs/biome", "biome", "ci", "--colors=off", "."]]),
    commandStep(
      context,
      "types",
      [".", "packages/web", "scripts"].map((project) => ["typescript", "tsc", "-p", project]),
    ),
    commandStep(context, "unused code", [["knip", "knip"]]),
    { name: "tests", run: (say) => vitest(context, [], 30 * MINUTE, say) },
    { name: "page", run: () => page(context) },
    { name: "tests in the browser", run: (say) => browserTests(context, say) },
  ];
}

/** Several commands that count as one check: each a package, its command and the arguments. */
function commandStep(context: Context, name: string, commands: readonly (readonly string[])[]): Step {
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

async function page(context: Context): Promise<StepResult> {
  try {
    await buildPage(context);
    return check("page", "");
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return check("page", explain(error));
  }
}

/** Empty output: it passed. */
function check(name: string, output: string): StepResult {
  return output
    ? { passed: 0, failed: [name], skipped: [], output }
    : { passed: 1, failed: [], skipped: [], output: "" };
}

async function browserTests(context: Context, say: (text: string) => void): Promise<StepResult> {
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

async function vitest(
  context: Context,
  args: readonly string[],
  deadlineMs: number,
  say: (text: string) => void,
): Promise<StepResult> {
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
  const results = JSON.parse(readFileSync(file, "utf8")) as Results;
  if (!ok && results.failed.length === 0) results.failed.push(`Vitest ${problem}, though no test failed`);
  return { ...results, output };
}

/** All tests of a configuration as skipped, by name. */
async function notRun(context: Context, args: readonly string[], reason: string): Promise<StepResult> {
  const file = join(context.folder, "not-run.json");
  const { output } = await runPackage(
    context,
    "vitest",
    "vitest",
    ["list", `--json=${file}`, ...args],
    MINUTE,
  );
  if (!existsSync(file)) return { passed: 0, failed: ["The tests could not be listed"], skipped: [], output };
  const tests = JSON.parse(readFileSync(file, "utf8")) as { name: string }[];
  return { passed: 0, failed: [], skipped: tests.map(({ name }) => ({ name, reason })), output: "" };
}

function runPackage(
  { root, env, signal }: Context,
  packageName: string,
  command: string,
  args: readonly string[],
  deadlineMs: number,
  onLine?: (line: string) => void,
): Promise<RunResult> {
  const script = packageCommand(root, packageName, command);
  return run(process.execPath, [script, ...args], { cwd: root, env, signal, deadlineMs, onLine });
}
