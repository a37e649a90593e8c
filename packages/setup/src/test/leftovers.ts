import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { killGroup } from "../../base/end-process.mjs";

const PATIENCE_MS = 3_000;

/**
 * Ends the processes that the tests left behind: those that have this marker (`NAME=value`) in their environment.
 * Returns their names. Only Linux shows the environment of a process.
 */
export async function endLeftovers(marker: string): Promise<string[]> {
  const deadline = Date.now() + PATIENCE_MS;
  let left = processesWith(marker);
  // A browser's helpers take a moment to follow it.
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((done) => setTimeout(done, 100));
    left = processesWith(marker);
  }
  for (const { pid } of left) killGroup(pid);
  return left.map(({ name, pid }) => `${name} (process ${pid})`);
}

function processesWith(marker: string): { pid: number; name: string }[] {
  const pids = process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  return pids.flatMap((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(marker);
      const [program = "", script = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return isOurs ? [{ pid: Number(pid), name: `${basename(program)} ${script}`.trim() }] : [];
    } catch {
      // It has ended meanwhile, or belongs to another user.
      return [];
    }
  });
}
