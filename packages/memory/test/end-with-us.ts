import { type ChildProcess, spawn } from "node:child_process";

/**
 * Has a process end, and its folder go, when this process has gone, however it went: then the shell's input ends. The
 * shell has a process group of its own, so that what ends ours leaves it its time.
 */
export function endWithUs(child: ChildProcess, folder = ""): void {
  // A stopped process (SIGSTOP) receives only SIGKILL. It may write until it has ended.
  const end = 'read _; kill -9 "$1"; [ -z "$2" ] || { sleep 1; rm -rf "$2"; }';
  const shell = spawn("sh", ["-c", end, "sh", `${child.pid}`, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.once("exit", () => shell.kill("SIGKILL"));
}
