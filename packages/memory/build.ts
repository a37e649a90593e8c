// `npm run build -w packages/memory`: the package as it is published, in dist/: plain JavaScript, its types, and
// a package.json of its own.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const dist = join(here, "dist");
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const { name, version, license, type, description } = JSON.parse(
  readFileSync(join(here, "package.json"), "utf8"),
) as Record<string, string>;

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(typescript, "bin/tsc"), "-p", join(here, "tsconfig.build.json")], {
  stdio: "inherit",
});
chmodSync(join(dist, "bin/redis-memory.js"), 0o755);
for (const file of ["README.md", "TURNS.md"]) copyFileSync(join(here, file), join(dist, file));
copyFileSync(join(here, "../../LICENSE"), join(dist, "LICENSE"));
const manifest = {
  ...{ name, version, description, license, type },
  keywords: ["redis", "valkey", "llm", "chat", "memory", "history"],
  engines: { node: ">=22" },
  exports: { ".": { types: "./src/index.d.ts", default: "./src/index.js" } },
  bin: { "redis-memory": "bin/redis-memory.js" },
  files: ["src", "bin", "TURNS.md"],
  sideEffects: false,
  // Users of the library bring their own client; the command needs this one.
  peerDependencies: { "@redis/client": ">=5" },
  peerDependenciesMeta: { "@redis/client": { optional: true } },
};
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
