// `npm run build -w packages/memory`: the package as it is published, in dist/: plain JavaScript, its types, and
// a package.json of its own.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const dist = join(here, "dist");
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const { name, version, license, type, description, exports, peerDependencies, peerDependenciesMeta } =
  JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as Record<string, string> & {
    readonly exports: Readonly<Record<string, string>>;
  };

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(typescript, "bin/tsc"), "-p", join(here, "tsconfig.build.json")], {
  stdio: "inherit",
});
chmodSync(join(dist, "bin/redis-memory.js"), 0o755);
for (const file of ["README.md", "TURNS.md"]) copyFileSync(join(here, file), join(dist, file));
cpSync(join(here, "guides"), join(dist, "guides"), { recursive: true });
copyFileSync(join(here, "../../LICENSE"), join(dist, "LICENSE"));
const manifest = {
  ...{ name, version, description, license, type },
  keywords: ["redis", "valkey", "llm", "chat", "memory", "history"],
  engines: { node: ">=22" },
  exports: { ...publicExports(), "./package.json": "./package.json" },
  bin: { "redis-memory": "bin/redis-memory.js" },
  files: ["src", "bin", "TURNS.md", "guides"],
  sideEffects: false,
  // All of them optional: users bring their own client and framework. The command needs @redis/client.
  ...{ peerDependencies, peerDependenciesMeta },
};
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

function publicExports(): Record<string, { types: string; default: string }> {
  const built = (file: string, extension: string) => file.replace(/\.ts$/, extension);
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([path]) => path !== "./internal")
      .map(([path, file]) => [path, { types: built(file, ".d.ts"), default: built(file, ".js") }]),
  );
}
