import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startTestServer } from "../../test/test-server.ts";
import { readBuildInfo } from "./build-info.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

function clone(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "clone-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, ".git", "refs", "heads"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, ".git", name), text);
  return root;
}

test("the revision is that of the image, else the commit of the clone", () => {
  const revisionIn = (files: Readonly<Record<string, string>>) => readBuildInfo({}, clone(files)).revision;
  expect(readBuildInfo({ BUILD_REVISION: "abc" }).revision).toBe("abc");
  expect(revisionIn({ HEAD: "ref: refs/heads/main\n", "refs/heads/main": `${COMMIT}\n` })).toBe(COMMIT);
  const packed = `# pack-refs with: peeled\n${COMMIT} refs/heads/main\n`;
  expect(revisionIn({ HEAD: "ref: refs/heads/main\n", "packed-refs": packed })).toBe(COMMIT);
  expect(revisionIn({ HEAD: `${COMMIT}\n` })).toBe(COMMIT);
  expect(revisionIn({})).toBe("unknown");
});

test("the API and the metrics say which version runs", async () => {
  const server = await startTestServer({});
  const { version, revision } = readBuildInfo();
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect((await server.inject("GET", "/")).json()).toMatchObject({ status: "running", version, revision });
  const { body } = await server.inject("GET", "/metrics");
  expect(body).toContain(`rmm_build_info{version="${version}",revision="${revision}"} 1`);
});
