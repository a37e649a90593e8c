import { existsSync, readFileSync } from "node:fs";
import { findOnPath } from "./find-on-path.mjs";
import { run } from "./run.mjs";

const DEADLINE_MS = 5 * 60_000;
const ACQUIRE = [
  "-o",
  "Acquire::Retries=1",
  "-o",
  "Acquire::http::Timeout=20",
  "-o",
  "Acquire::https::Timeout=20",
];

/**
 * Installs a Debian package where nobody's system is changed by it: as root, in a container.
 * @param {string} name
 * @param {{ terminal: import("./terminal.mjs").Terminal, signal?: AbortSignal, title: string }} context
 * @returns {Promise<{ installed: boolean, reason: string }>}
 */
export async function installByApt(name, { terminal, signal, title }) {
  const apt = findOnPath("apt-get");
  if (!apt || process.getuid?.() !== 0 || !isContainer()) return { installed: false, reason: "" };
  const task = terminal.task(title);
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: "noninteractive",
    // Its service must not be started: in single-user mode none is.
    RUNLEVEL: "1",
  };
  try {
    for (const [what, args] of /** @type {[string, string[]][]} */ ([
      ["apt-get update", ["update"]],
      [`apt-get install ${name}`, ["install", "-y", "--no-install-recommends", name]],
    ])) {
      task.say(what);
      const result = await run(apt, [...ACQUIRE, ...args], { deadlineMs: DEADLINE_MS, signal, env });
      // Without its lists refreshed, apt may still have what is needed.
      if (!result.ok && args[0] !== "update") {
        const words = /^E: .*$/m.exec(result.output)?.[0] ?? "";
        return { installed: false, reason: `${what} ${result.problem}. ${words}`.trim() };
      }
    }
    return { installed: true, reason: "" };
  } finally {
    task.drop();
  }
}

function isContainer() {
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv") || process.env.container) return true;
  try {
    return /docker|containerd|kubepods|lxc/.test(readFileSync("/proc/1/cgroup", "utf8"));
  } catch {
    return false;
  }
}
