import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { Api } from "./app.ts";
import { buildPage } from "./page.ts";

const HTML = `<!doctype html><title>${"Page ".repeat(100)}</title>`;

test.each([
  ["gzip, deflate, br", "br", brotliCompressSync(HTML)],
  ["gzip", "gzip", gzipSync(HTML)],
  ["identity", undefined, Buffer.from(HTML)],
])("serves the file that was compressed at build for Accept-Encoding: %s", async (accepted, sent, body) => {
  const root = mkdtempSync(join(tmpdir(), "page-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "index.html"), HTML);
  writeFileSync(join(root, "index.html.br"), brotliCompressSync(HTML));
  writeFileSync(join(root, "index.html.gz"), gzipSync(HTML));
  const page = await buildPage(root, {} as Api, pino({ level: "silent" }));
  onTestFinished(() => page.close());

  const { headers, rawPayload } = await page.inject({ url: "/", headers: { "accept-encoding": accepted } });
  expect(headers["content-encoding"]).toBe(sent);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(headers.vary).toBe("accept-encoding");
  expect(rawPayload).toEqual(body);
});

test("sends a document's headers with the page, and assets with those that matter to them", async () => {
  const root = mkdtempSync(join(tmpdir(), "page-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "index.html"), HTML);
  mkdirSync(join(root, "assets"));
  writeFileSync(join(root, "assets/index-1a2b.js"), "export {};");
  const page = await buildPage(root, {} as Api, pino({ level: "silent" }));
  onTestFinished(() => page.close());

  const document = await page.inject("/");
  expect(document.headers["content-security-policy"]).toContain("script-src 'self'");
  const asset = await page.inject("/assets/index-1a2b.js");
  expect(asset.headers).toMatchObject({
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  });
  expect(asset.headers).not.toHaveProperty("content-security-policy");
});
