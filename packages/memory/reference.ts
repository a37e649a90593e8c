// `node packages/memory/reference.ts`: the API reference, in packages/memory/dist/reference. TypeDoc is fetched for
// it: it needs a TypeScript of its own.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLISHED_NAME } from "./published-name.ts";

const here = import.meta.dirname;
const { exports, repository } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const { "./internal": _, ...entryPoints } = exports as Record<string, string>;
const site = repository.url.replace(/^git\+|\.git$/g, "");
const options = {
  out: "dist/reference",
  name: PUBLISHED_NAME,
  tsconfig: "../../tsconfig.json",
  sourceLinkTemplate: `${site}/blob/main/${repository.directory}/src/{path}#L{line}`,
};
execFileSync(
  "npm",
  [
    ...["exec", "--yes", "--package", "typedoc@0.28.20", "--package", "typescript@5.9.3", "--", "typedoc"],
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...["--disableGit", "--skipErrorChecking", "--excludeExternals", "--excludePrivate", "--excludeInternal"],
    ...Object.values(entryPoints),
  ],
  { cwd: here, stdio: "inherit" },
);
