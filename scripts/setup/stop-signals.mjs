import { readFileSync } from "node:fs";
import { isAlive } from "./end-process.mjs";
import { killGuarded } from "./guard.mjs";

// npm passes on what the terminal has sent already: one Ctrl-C can arrive twice.
const ECHO_MS = 500;
const NPM_POLL_MS = 500;

/**
 * Ctrl-C, SIGTERM, a closed terminal, and the end of the `npm` that runs this: the first asks for an orderly end, a
 * second Ctrl-C ends at once what was guarded, and this process.
 * @param {() => void} onFirst
 * @returns {AbortSignal}
 */
export function listenForStop(onFirst) {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    if (!first) {
      first = Date.now();
      onFirst();
      controller.abort();
    } else if (Date.now() - first > ECHO_MS) {
      killGuarded();
      process.exit(130);
    }
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, stop);
  // The reader of our output went away (`npm start | head`); it is no second Ctrl-C.
  process.stdout.on("error", () => first || stop());
  const npm = npmProcess();
  if (npm) {
    setInterval(() => {
      if (!first && !isAlive(npm)) stop();
    }, NPM_POLL_MS).unref();
  }
  return controller.signal;
}

/**
 * The process of the npm that runs this. It may be gone without a word to us: killed, or, told to end, it tells only the
 * shell that it put between us and itself.
 */
function npmProcess() {
  if (!process.env.npm_lifecycle_event) return undefined;
  try {
    const parent = readFileSync(`/proc/${process.ppid}/status`, "utf8");
    const isShell = !/^Name:\s+(npm|node)/m.test(parent);
    return isShell ? Number(/^PPid:\s+(\d+)/m.exec(parent)?.[1]) : process.ppid;
  } catch {
    // Where there is no /proc, the shell has made way for us.
    return process.ppid;
  }
}
