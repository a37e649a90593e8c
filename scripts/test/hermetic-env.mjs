import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The environment without what configures the product: no test may depend on somebody's key or Redis.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function hermeticEnv(root, env) {
  const example = readFileSync(join(root, ".env.example"), "utf8");
  const names = new Set([...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}
