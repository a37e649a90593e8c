import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns the environment without what configures the product: no test may depend on a key or a Redis of the user. */
export function hermeticEnv(root: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const example = readFileSync(join(root, ".env.example"), "utf8");
  const names = new Set([...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}
