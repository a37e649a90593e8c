import { access, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";

export interface Program {
  readonly command: string;
  /** What stands before the program's own arguments. */
  readonly args: readonly string[];
}

/** What of the running Node.js the search depends on. */
interface Host {
  readonly env: NodeJS.ProcessEnv;
  readonly execPath: string;
  readonly platform: NodeJS.Platform;
}

const CLI = join("node_modules", "npm", "bin", "npm-cli.js");

/**
 * How npm is run: the one that runs us (`npm_execpath`), else the one that came with this Node.js, else the
 * first on the PATH. On Windows always its script, as `npm.cmd` cannot be started without a shell.
 */
export async function findNpm({ env, execPath, platform }: Host): Promise<Program | undefined> {
  const folder = dirname(execPath);
  const scripts = [
    ...(basename(env.npm_execpath ?? "") === "npm-cli.js" ? [env.npm_execpath ?? ""] : []),
    join(folder, CLI),
    join(folder, "..", "lib", CLI),
  ];
  for (const script of scripts) {
    if (await exists(script)) return { command: execPath, args: [script] };
  }
  for (const entry of (env.PATH ?? env.Path ?? "").split(delimiter).filter(Boolean)) {
    if (platform === "win32") {
      const script = join(entry, CLI);
      if (await exists(script)) return { command: execPath, args: [script] };
    } else if (await exists(join(entry, "npm"))) {
      return { command: await realpath(join(entry, "npm")), args: [] };
    }
  }
  return undefined;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
