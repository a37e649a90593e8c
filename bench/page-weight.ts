import { ResultPrinter } from "../docs/results/result-page.ts";
import { MAX_FIRST_LOAD_BYTES, recordFirstLoad, sumOf } from "../e2e/page-weight.ts";
import { startStack } from "../e2e/stack.ts";
import { serverBinary, startServer } from "../packages/memory/test/servers.ts";

// What a browser transfers at its first visit, headers included, from the server that `npm start` runs. Part of
// `npm run bench:page`; with `--write` the table becomes docs/results/page-weight.md.
const SESSION = "session_1732264800000_pageweigh";
const results = new ResultPrinter();

const redis = process.env.TEST_REDIS_URL === undefined ? await startServer(serverBinary()) : undefined;
if (redis) process.env.TEST_REDIS_URL = redis.url;
const stack = await startStack();
try {
  await fetch(`${stack.api}/sessions/${SESSION}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "Hello" }] }),
  });
  results.print("| kB transferred | files | encoding | |", "|--:|--:|---|---|");
  for (const encoding of ["br", "gzip"] as const) {
    const bytes = await measure(
      encoding,
      "/",
      `**the first load, of ${MAX_FIRST_LOAD_BYTES / 1000} kB at most**`,
    );
    if (bytes > MAX_FIRST_LOAD_BYTES) process.exitCode = 1;
    await measure(encoding, `/#/s/${SESSION}`, "the same at a link to a conversation");
  }
  results.save({
    name: "page-weight",
    title: "The page: what a browser transfers",
    script: "bench:page",
    software: [],
  });
} finally {
  await stack.stop();
  await redis?.stop();
}

async function measure(encoding: "br" | "gzip", path: string, name: string): Promise<number> {
  const page = await stack.open();
  const transfers = await recordFirstLoad(page, stack.url + path, encoding);
  await page.context().close();
  const bytes = sumOf(transfers);
  results.print(`| ${(bytes / 1000).toFixed(1)} | ${transfers.length} | ${encoding} | ${name} |`);
  return bytes;
}
