import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What npm leaves where the installation was whole. */
export const WRITES_ENTRY = `
  const dist = path.join(folder, "node_modules", "node-llama-cpp", "dist");
  fs.mkdirSync(dist, { recursive: true });
  fs.writeFileSync(path.join(dist, "index.js"), "export {}");`;

/** A program in npm's place, written in JavaScript: `folder` is where it is to install. */
export async function npmInstead(
  folder: string,
  script: string,
): Promise<{ env: NodeJS.ProcessEnv; runs: () => Promise<number> }> {
  const npm = join(folder, "npm-cli.js");
  const runs = join(folder, "runs");
  await writeFile(
    npm,
    `const fs = require("node:fs"), path = require("node:path"), args = process.argv.slice(2);
     const folder = args[args.indexOf("--prefix") + 1];
     fs.appendFileSync(${JSON.stringify(runs)}, args.join(" ") + "\\n");
     ${script}`,
  );
  return {
    env: { ...process.env, npm_execpath: npm },
    runs: async () => (await readFile(runs, "utf8")).split("\n").length - 1,
  };
}
