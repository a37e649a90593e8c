import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ResultPrinter } from "../docs/results/result-page.ts";

// What a browser fetches before the page can be used, gzipped: by a first visitor, and with a conversation to show.
// Part of `npm run bench:page`; with `--write` the table becomes docs/results/page-weight.md.
const LIMIT_KB = 130;
const dist = new URL("../packages/web/dist/", import.meta.url);

const read = (path: string) =>
  readFile(new URL(path, dist)).catch(() => {
    throw new Error(`${fileURLToPath(dist)} is not built: run \`npm run build\` in packages/web.`);
  });

const html = (await read("index.html")).toString();
const first = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, path = ""]) => path);
const names = await readdir(new URL("assets/", dist));
/** What shows messages is asked for by the first script, where there are any. */
const log = names.filter((name) => /^message-list-.*\.(js|css)$/.test(name)).map((name) => `assets/${name}`);
if (log.length === 0)
  throw new Error("The part that shows messages has another name now: it would not be counted.");

const results = new ResultPrinter();
results.print("| gzipped kB | |", "|--:|---|");
const empty = await withImports(["index.html", ...first]);
const filled = (await withImports([...empty, ...log])).slice(empty.length);
const sum = await weigh(empty);
line(sum, `**the empty page, of ${LIMIT_KB} kB at most**`);
const whole = sum + (await weigh(filled));
line(whole, `**with a conversation, of ${LIMIT_KB} kB at most**`);
results.save({
  name: "page-weight",
  title: "The page: what a browser fetches",
  script: "bench:page",
  software: [],
});
if (whole > LIMIT_KB) process.exitCode = 1;

/** Files with those that they import, each once. */
async function withImports(files: readonly string[]): Promise<string[]> {
  const all = [...new Set(files)];
  // The array grows while it is walked through.
  for (const path of all) {
    if (!path.endsWith(".js")) continue;
    const source = (await read(path)).toString();
    for (const [, name = ""] of source.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) {
      if (!all.includes(`assets/${name}`)) all.push(`assets/${name}`);
    }
  }
  return all;
}

async function weigh(files: readonly string[]): Promise<number> {
  let kb = 0;
  for (const path of files) {
    const size = gzipSync(await read(path)).length / 1000;
    line(size, `/${path}`);
    kb += size;
  }
  return kb;
}

function line(kb: number, what: string): void {
  results.print(`| ${kb.toFixed(1).padStart(6)} | ${what} |`);
}
