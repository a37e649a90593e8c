import { npmCommand } from "@redis-memory-magic/setup/base/npm-command";
import { execa } from "execa";

const DEADLINE_MS = 15_000;

/**
 * Why npm can fetch nothing here, if so. It is asked before a model is fetched for tests: where packets are dropped, an
 * installation ends after minutes only.
 */
export async function registryProblem(): Promise<string | undefined> {
  const npm = npmCommand(process.execPath);
  if (npm === undefined) return "npm was not found";
  const { failed } = await execa(
    npm.command,
    [...npm.args, "view", "npm", "version", "--fetch-retries=0", "--fetch-timeout=5000"],
    { timeout: DEADLINE_MS, killSignal: "SIGKILL", stdin: "ignore", reject: false },
  );
  return failed ? "npm reaches no registry" : undefined;
}
