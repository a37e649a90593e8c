import { packageManager } from "../base/redis-ways.mjs";
import type { SetupContext } from "./context.ts";
import { run } from "./run.ts";

const DEADLINE_MS = 5 * 60_000;
const APT = ["Retries=1", "http::Timeout=20", "https::Timeout=20"].flatMap((o) => ["-o", `Acquire::${o}`]);

/**
 * Installs a program for the whole system, as root, and says so. Its service is not started.
 * @returns why it was not installed, for a sentence; empty if it was
 */
export async function installSystemPackage(
  what: "redis" | "chromium",
  { terminal, signal }: Pick<SetupContext, "terminal" | "signal">,
): Promise<string> {
  const manager = packageManager();
  if (!manager) return "this user may not install system packages";
  const title = what === "redis" ? "Redis" : "Chromium";
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: "noninteractive",
    // Keep Debian's scripts from starting the service, with and without systemd.
    RUNLEVEL: "1",
    SYSTEMD_OFFLINE: "1",
  };
  const isApt = manager.name === "apt-get";
  const options = { deadlineMs: DEADLINE_MS, signal, env };
  // Without its lists refreshed, apt may still have what is needed.
  if (isApt) await run(manager.command, [...APT, "update"], options);
  let problem = "";
  for (const name of manager.packages[what] ?? []) {
    terminal.note(title, `${manager.name} installs ${name} for the whole system`);
    const args = [...(isApt ? APT : []), ...manager.install, name];
    const result = await run(manager.command, args, options);
    if (result.ok) return "";
    const words = /^E: .*$/m.exec(result.output)?.[0] ?? "";
    problem = `${manager.name} could not install ${name}: it ${result.problem}${words && `. ${words}`}`;
  }
  return problem;
}
