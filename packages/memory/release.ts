// `node packages/memory/release.ts`: everything that a release needs, short of publishing it. It ends by printing the
// command that publishes.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLISHED_NAME } from "./published-name.ts";

const here = import.meta.dirname;
const root = join(here, "../..");
const { version, repository } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

const problems = [
  output("git", "status", "--porcelain") === ""
    ? ""
    : "There are changes that are not committed: commit them.",
  output("git", "remote", "get-url", "origin").includes(
    new URL(repository.url).pathname.slice(1).replace(/\.git$/, ""),
  )
    ? ""
    : `The remote "origin" is not ${repository.url}: correct "repository" in package.json, or push there.`,
  readFileSync(join(here, "CHANGELOG.md"), "utf8").includes(`\n## ${version}\n`)
    ? ""
    : `CHANGELOG.md has no section "## ${version}": write what changes for users.`,
  output("npm", "view", `${PUBLISHED_NAME}@${version}`, "version") === ""
    ? ""
    : `${PUBLISHED_NAME} ${version} is published already: raise "version" in package.json.`,
].filter((problem) => problem !== "");
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);

// Builds the package too.
run(root, "npm", "run", "test:package");
run(join(here, "dist"), "npm", "publish", "--dry-run");
console.log(
  `Publish it: git tag memory-${version} && git push --tags && cd packages/memory/dist && npm publish`,
);

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, stdio: "inherit" });
}

/** What a command prints; nothing if it fails. */
function output(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "";
  }
}
