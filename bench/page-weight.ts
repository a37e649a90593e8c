import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

// What a browser fetches before the page can be used, gzipped. Part of `npm run bench:page`.
const LIMIT_KB = 130;
const dist = new URL("../packages/web/dist/", import.meta.url);

const read = (path: string) =>
  readFile(new URL(path.replace(/^\//, ""), dist)).catch(() => {
    throw new Error(`${fileURLToPath(dist)} is not built: run \`npm run build\` in packages/web.`);
  });
const html = await read("index.html");
const files = [...html.toString().matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map(
  ([, path = ""]) => path,
);
// The answers' Markdown is asked for by the first script, at once: it counts.
const markdown = [
  ...(await read(files.find((path) => /index-.*\.js$/.test(path)) ?? ""))
    .toString()
    .matchAll(/assets\/markdown-[\w-]+\.(?:js|css)/g),
];
const all = ["/index.html", ...files, ...new Set(markdown.map(([path]) => `/${path}`))];

let sum = 0;
for (const path of all) {
  const size = gzipSync(await read(path)).length / 1000;
  sum += size;
  console.log(`${size.toFixed(1).padStart(7)} kB  ${path}`);
}
console.log(`${sum.toFixed(1).padStart(7)} kB  together, of ${LIMIT_KB} kB at most`);
if (sum > LIMIT_KB) process.exitCode = 1;
