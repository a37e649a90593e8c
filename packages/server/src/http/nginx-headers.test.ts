import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Api } from "./app.ts";
import { buildPage } from "./page.ts";

/** Headers that say something about this one answer, or that nginx writes in its own way. */
const NOT_FIXED = new Set([
  "accept-ranges",
  "connection",
  "content-length",
  "content-type",
  "date",
  "etag",
  "last-modified",
  // Sent by nginx with every file that it has compressed (gzip_vary).
  "vary",
]);

/** `add_header NAME VALUE always;` of an nginx configuration. */
function headersOf(path: URL): Record<string, string> {
  const lines = readFileSync(path, "utf8").matchAll(/^add_header (\S+) (?:"(.*)"|(\S+)) always;$/gm);
  return Object.fromEntries(
    [...lines].map(([, name = "", quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? ""]),
  );
}

test("nginx sends with the page what the server sends when it serves the page itself", async () => {
  const root = mkdtempSync(join(tmpdir(), "page-headers-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "index.html"), "<!doctype html>");
  // The page's own headers do not depend on the API behind /api/.
  const page = await buildPage(root, {} as Api, pino({ level: "silent" }));
  onTestFinished(() => page.close());

  const { headers } = await page.inject("/");
  const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FIXED.has(name)));
  const { "cache-control": caching, ...fixed } = sent;
  expect(headersOf(new URL("../../../../deploy/frontend/page-headers.conf", import.meta.url))).toEqual(fixed);
  // That one is added by site.conf, as it depends on the path.
  expect(caching).toBe("no-cache");
});
