// `npm run build -w packages/memory`: the package as it is published, in dist/. `src` and `bin` are the TypeScript
// sources, for "go to definition"; `lib` is what is run: JavaScript, types, and maps of both to the sources.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { asPublished, PUBLISHED_NAME } from "./published-name.ts";

const here = import.meta.dirname;
const dist = join(here, "dist");
const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const source = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const name of ["src", "bin", "guides", "README.md", "TURNS.md", "CHANGELOG.md"]) copy(name);
cpSync(join(here, "../../LICENSE"), join(dist, "LICENSE"));
const tsconfig = join(dist, "tsconfig.json");
writeFileSync(
  tsconfig,
  JSON.stringify({
    extends: "../tsconfig.build.json",
    compilerOptions: { rootDir: ".", outDir: "lib" },
    include: ["src", "bin"],
  }),
);
execFileSync(process.execPath, [join(typescript, "bin/tsc"), "-p", tsconfig], { stdio: "inherit" });
rmSync(tsconfig);
chmodSync(join(dist, "lib/bin/redis-memory.js"), 0o755);

const { version, license, type, description, homepage, repository, bugs, publishConfig } = source;
const manifest = {
  ...{ name: PUBLISHED_NAME, version, description, license, type, homepage, repository, bugs },
  keywords: ["redis", "valkey", "llm", "chat", "memory", "history", "ai-sdk", "langgraph", "langchain"],
  engines: { node: ">=22" },
  exports: { ...publicExports(source.exports), "./package.json": "./package.json" },
  bin: { "redis-memory": "lib/bin/redis-memory.js" },
  files: ["lib", "src", "bin", "guides", "TURNS.md", "CHANGELOG.md"],
  sideEffects: false,
  // All of them optional: users bring their own client and framework. The command needs @redis/client.
  ...{ peerDependencies: source.peerDependencies, peerDependenciesMeta: source.peerDependenciesMeta },
  publishConfig,
};
writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

/** Copies a file or a folder, without its tests. */
function copy(name: string): void {
  const [from, to] = [join(here, name), join(dist, name)];
  if (statSync(from).isDirectory()) {
    mkdirSync(to);
    for (const entry of readdirSync(from)) copy(join(name, entry));
  } else if (!name.endsWith(".test.ts")) {
    writeFileSync(to, asPublished(readFileSync(from, "utf8")));
  }
}

function publicExports(exports: Readonly<Record<string, string>>) {
  const built = (file: string, extension: string) => file.replace("./", "./lib/").replace(/\.ts$/, extension);
  return Object.fromEntries(
    Object.entries(exports)
      .filter(([path]) => path !== "./internal")
      .map(([path, file]) => [path, { types: built(file, ".d.ts"), default: built(file, ".js") }]),
  );
}
