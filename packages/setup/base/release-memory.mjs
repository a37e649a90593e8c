import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Returns the memory of what was needed once to the system, where V8 would keep it for later: after a start it is a
 * quarter of the process, or more. V8 gives back the space for new objects about 10 s later, when the process is idle.
 * Blocks for about 20 ms. Does nothing in a Node.js that does not offer it.
 */
export function releaseMemory() {
  try {
    // The function for it is there only with this option of Node.js.
    setFlagsFromString("--expose-gc");
    const collect = /** @type {NonNullable<typeof gc>} */ (runInNewContext("gc"));
    setFlagsFromString("--no-expose-gc");
    // The flavor "last-resort" gives back more, at once. It also throws compiled code away, which turns then wait for.
    collect({ type: "major", execution: "sync" });
  } catch {
    // All else works the same with more memory.
  }
}
