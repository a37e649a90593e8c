import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { serverBinary } from "../../../memory/test/servers.ts";
import { valkeyRelease } from "../../base/redis-ways.mjs";
import { run } from "../run.ts";
import { releasedValkey } from "./valkey-release.ts";

const { signal } = new AbortController();
const noRelease = valkeyRelease() === undefined && "Valkey has no compiled release for this system";

/** Serves a release with the tests' own server in it; `checksum` is what is published beside it. */
async function serveRelease(checksum: (archive: Buffer) => string) {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  });
  const cache = join(folder, "cache");
  vi.stubEnv("XDG_CACHE_HOME", cache);
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  const { name = "" } = valkeyRelease() ?? {};
  const archive = join(folder, "release.tar.gz");
  mkdirSync(join(folder, name, "bin"), { recursive: true });
  copyFileSync(serverBinary(), join(folder, name, "bin", "valkey-server"));
  await run("tar", ["-czf", archive, "-C", folder, name], { deadlineMs: 30_000 });
  const bytes = readFileSync(archive);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === `/${name}.tar.gz`) response.end(bytes);
    else if (request.url === `/${name}.tar.gz.sha256`) response.end(checksum(bytes));
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const release = valkeyRelease(`http://127.0.0.1:${port}`);
  return { cache: join(cache, "redis-memory-magic"), asked, release };
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("a release with its published checksum is unpacked and kept", async ({ skip }) => {
  skip(noRelease !== false, `${noRelease}`);
  const { cache, asked, release } = await serveRelease((bytes) => `${sha256(bytes)}  release.tar.gz\n`);
  const found = await releasedValkey({ signal }, release);
  expect(found).toEqual({ path: release?.server });
  expect((await run(release?.server ?? "", ["--version"], { deadlineMs: 10_000 })).output).toMatch(
    /server v=/,
  );
  expect(asked).toHaveLength(2);
  expect(await releasedValkey({ signal }, release)).toEqual(found);
  expect(asked).toHaveLength(2);
  expect(readdirSync(cache)).toEqual([release?.name]);
});

test("a release with another checksum is not used, and nothing of it is kept", async ({ skip }) => {
  skip(noRelease !== false, `${noRelease}`);
  const { cache, release } = await serveRelease(() => sha256(Buffer.from("another file")));
  expect(await releasedValkey({ signal }, release)).toEqual({
    reason: "Valkey's release was fetched but does not have its published SHA-256; it was not used",
  });
  expect(readdirSync(cache)).toEqual([]);
});

test("a server without the release, and none at all, are named", async ({ skip }) => {
  skip(noRelease !== false, `${noRelease}`);
  const { release } = await serveRelease(() => "");
  if (!release) return;
  const missing = { ...release, checksumUrl: new URL("/none", release.url).href };
  expect(await releasedValkey({ signal }, missing)).toEqual({
    reason: `Valkey's release cannot be fetched from ${new URL(release.url).host}: it answered with status 404`,
  });
  const nowhere = { ...release, checksumUrl: "http://127.0.0.1:9/x", url: "http://127.0.0.1:9/y" };
  expect(await releasedValkey({ signal }, nowhere)).toEqual({
    reason: "Valkey's release cannot be fetched from 127.0.0.1:9: nothing listens there",
  });
});
