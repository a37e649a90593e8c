import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Command } from "../../../../scripts/commands.mjs";
import { endProcess, killGroup } from "../../base/end-process.mjs";
import { Interrupted } from "../../base/failure.mjs";
import { guardProcess, unguardProcess } from "../../base/guard.mjs";
import type { SetupContext } from "../context.ts";
import { prepare } from "./prepare.ts";

/** A suite may have servers and containers to remove. */
const GRACE_MS = 60_000;

/** Runs a command's files, one after the other, with what they need. Resolves with the exit code. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  context: SetupContext,
): Promise<number> {
  const { env, end } = await prepare(command, context);
  try {
    for (const file of command.files) {
      const code = await runFile([join(context.root, file), ...(command.args ?? []), ...args], env, context);
      if (code !== 0) return code;
    }
    return 0;
  } finally {
    await end();
  }
}

async function runFile(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { root, signal }: SetupContext,
): Promise<number> {
  if (signal.aborted) throw new Interrupted();
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
    cwd: root,
    env,
    stdio: "inherit",
    // In a process group of its own, so that on Ctrl-C it is asked once, by us, and nothing is left of it. Windows asks
    // all processes of the console itself.
    detached: process.platform !== "win32",
  });
  const { pid } = child;
  guardProcess(pid);
  const stop = (): void => {
    if (pid !== undefined && process.platform !== "win32") void endProcess(pid, GRACE_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? (signal.aborted ? 130 : 1)));
    });
  } finally {
    signal.removeEventListener("abort", stop);
    if (pid !== undefined) killGroup(pid);
    unguardProcess(pid);
  }
}
