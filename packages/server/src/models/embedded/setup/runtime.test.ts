import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { npmCommand } from "@redis-memory-magic/setup/base/npm-command";
import { expect, test } from "vitest";
import { withFolder } from "./folder.fixture.ts";
import { npmInstead, WRITES_ENTRY } from "./npm.fixture.ts";
import { ensureRuntime, installedRuntime, runtimePackage } from "./runtime.ts";
import { SetupError } from "./setup-error.ts";

const log = { info() {}, warn() {}, error() {} };
const never = new AbortController().signal;

async function withNpm(
  script: string,
  work: (context: { cacheDir: string; env: NodeJS.ProcessEnv; runs: () => Promise<number> }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    await work({ cacheDir: join(folder, "cache"), ...(await npmInstead(folder, script)) });
  });
}

test("installs once, without scripts and without what is optional", async () => {
  await withNpm(WRITES_ENTRY, async ({ cacheDir, env, runs }) => {
    expect(await installedRuntime(cacheDir)).toBeUndefined();
    const options = { cacheDir, env, signal: never, log };
    const entries = await Promise.all([ensureRuntime(options), ensureRuntime(options)]);
    expect(entries[0]).toMatch(/^file:.*node-llama-cpp\/dist\/index\.js$/);
    expect(entries[1]).toBe(entries[0]);
    expect(await ensureRuntime(options)).toBe(entries[0]);
    expect(await runs()).toBe(1);
  });
});

test("uses nothing of an installation that failed", async () => {
  const fails = `${WRITES_ENTRY}
    console.log(JSON.stringify({ error: { code: "ENOTFOUND", summary: "getaddrinfo ENOTFOUND" } }));
    process.exit(1);`;
  await withNpm(fails, async ({ cacheDir, env }) => {
    const failure = await ensureRuntime({ cacheDir, env, signal: never, log }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(SetupError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/could not install .* getaddrinfo ENOTFOUND$/),
    });
    expect(await installedRuntime(cacheDir)).toBeUndefined();
    expect(await readdir(join(cacheDir, "runtime"))).toEqual([]);
  });
});

test("removes what a killed installation left", async () => {
  await withNpm(WRITES_ENTRY, async ({ cacheDir, env }) => {
    await mkdir(join(cacheDir, "runtime", "installing-left", "node_modules"), { recursive: true });
    await ensureRuntime({ cacheDir, env, signal: never, log });
    expect(await readdir(join(cacheDir, "runtime"))).toHaveLength(1);
  });
});

test("ends npm when stopped", async () => {
  await withNpm("setInterval(() => {}, 1000);", async ({ cacheDir, env, runs }) => {
    const reason = new Error("stopped");
    const stop = new AbortController();
    const stopped = expect(ensureRuntime({ cacheDir, env, signal: stop.signal, log })).rejects.toBe(reason);
    await expect.poll(() => runs().catch(() => 0)).toBe(1);
    stop.abort(reason);
    await stopped;
    expect(await readdir(join(cacheDir, "runtime"))).toEqual([]);
  });
});

test("says which machines have no runtime", () => {
  const linux = { platform: "linux", arch: "x64", libc: "glibc" } as const;
  expect(runtimePackage(linux)).toBe("@node-llama-cpp/linux-x64");
  expect(() => runtimePackage({ ...linux, libc: "musl" })).toThrow("has musl");
  expect(() => runtimePackage({ ...linux, arch: "s390x" })).toThrow("does not run on linux s390x");
  expect(() => runtimePackage({ ...linux, platform: "freebsd" })).toThrow("does not run on freebsd x64");
  expect(runtimePackage({ platform: "darwin", arch: "arm64", libc: undefined })).toContain("metal");
});

test("says that npm is missing", async (context) => {
  const beside = npmCommand(process.execPath, {});
  if (beside !== undefined) context.skip("this Node.js came with its own npm");
  await withFolder(async (folder) => {
    await expect(ensureRuntime({ cacheDir: folder, env: {}, signal: never, log })).rejects.toThrow(
      "npm is needed once",
    );
  });
});
