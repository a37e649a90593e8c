import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Which version runs, and of which commit. */
export interface BuildInfo {
  readonly version: string;
  /** The commit, or "unknown". */
  readonly revision: string;
}

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** Returns what the image was built from (BUILD_REVISION), or the commit of the clone that this runs in. */
export function readBuildInfo(env: NodeJS.ProcessEnv = process.env, root = ROOT): BuildInfo {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return { version, revision: env.BUILD_REVISION || commitOf(root) || "unknown" };
}

/** Without git, which need not be installed. */
function commitOf(root: string): string | undefined {
  const read = (name: string): string => readFileSync(join(root, ".git", name), "utf8").trim();
  try {
    const head = read("HEAD");
    if (!head.startsWith("ref: ")) return head;
    const ref = head.slice("ref: ".length);
    try {
      return read(ref);
    } catch {
      return read("packed-refs")
        .split("\n")
        .find((line) => line.endsWith(` ${ref}`))
        ?.split(" ")[0];
    }
  } catch {
    return undefined;
  }
}
