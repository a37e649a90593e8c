// `npm run bench:size`: what the library adds to a bundle, minified, without the framework that an adapter is for. With
// `--write` the table becomes docs/results/bundle-size.md.
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { ResultPrinter } from "../../docs/results/result-page.ts";

const MAIN = ["MessageHistory", "Turns", "SessionBlobs", "SessionArchive", "OwnerQuota", "MemoryError"];
const ADAPTERS = ["ai-sdk", "anthropic", "langchain", "langgraph", "openai", "openai-agents"];
const src = `${import.meta.dirname}/src`;

const results = new ResultPrinter();
results.print("", "| what is imported | minified, kB | and gzipped, kB |", "|---|--:|--:|");
await row("all of it", `export * from "${src}/index.ts"`);
for (const name of MAIN) await row(`\`${name}\``, `export { ${name} } from "${src}/index.ts"`);
for (const name of ADAPTERS) await row(`\`/${name}\``, `export * from "${src}/adapters/${name}/index.ts"`);
await row("nothing, for its side effects", `import "${src}/index.ts"`);
results.save({ name: "bundle-size", title: "The library in a bundle", script: "bench:size", software: [] });

async function row(title: string, code: string): Promise<void> {
  const entry = "entry";
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    treeshake: { moduleSideEffects: false },
    external: (id) => /^[a-z@]/.test(id) && id !== entry,
    plugins: [
      {
        name: entry,
        resolveId: (id) => (id === entry ? entry : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
  const text = output[0].code;
  results.print(`| ${title} | ${kilobytes(text.length)} | ${kilobytes(gzipSync(text).length)} |`);
}
