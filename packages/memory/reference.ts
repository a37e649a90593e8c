// `npm run reference -w packages/memory`: the API reference, in packages/memory/dist/reference. TypeDoc is fetched for
// it: it needs a TypeScript of its own.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import "./build.ts";

const dist = join(import.meta.dirname, "dist");
const { exports, repository } = JSON.parse(readFileSync(join(dist, "package.json"), "utf8"));
const entryPoints = Object.values(exports as Record<string, { types?: string }>).flatMap(
  ({ types }) => types ?? [],
);
const tools = ["--package", "typedoc@0.28.20", "--package", "typescript@5.9.3"];
const options = ["--out", "reference", "--skipErrorChecking", "--excludeExternals", "--disableGit"];
const links = [
  "--sourceLinkTemplate",
  `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/main/${repository.directory}/{path}#L{line}`,
];
execFileSync("npm", ["exec", "--yes", ...tools, "--", "typedoc", ...options, ...links, ...entryPoints], {
  cwd: dist,
  stdio: "inherit",
});
