import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withLock } from "../base/lock.mjs";

const HOLDER = fileURLToPath(new URL("./lock-holder.fixture.ts", import.meta.url));
const never = new AbortController().signal;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lock-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startHolder(path: string): Promise<ChildProcess> {
  const holder = fork(HOLDER, [path], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  expect(await once(holder, "message")).toEqual(["held", undefined]);
  return holder;
}

test("lets one work at a time, and leaves nothing behind", async () => {
  await withFolder(async (folder) => {
    const log = join(folder, "log");
    const work = (name: string) => async () => {
      await appendFile(log, `<${name}`);
      await sleep(50);
      await appendFile(log, `${name}>`);
    };
    const path = join(folder, "lock");
    await Promise.all(["a", "b"].map((name) => withLock(path, { signal: never }, work(name))));
    expect(["<aa><bb>", "<bb><aa>"]).toContain(await readFile(log, "utf8"));
    expect(await readdir(folder)).toEqual(["log"]);
  });
});

test("is given up when the work fails", async () => {
  await withFolder(async (folder) => {
    const failing = withLock(join(folder, "lock"), { signal: never }, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await readdir(folder)).toEqual([]);
  });
});

test("waits while the holder runs, until it is aborted", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const holder = await startHolder(path);
    let waits = 0;
    const waiting = withLock(
      path,
      { signal: AbortSignal.timeout(1_500), onWait: () => waits++ },
      async () => {},
    );
    await expect(waiting).rejects.toThrow();
    expect(waits).toBeGreaterThan(0);
    holder.kill("SIGKILL");
    await once(holder, "exit");
  });
});

test("is taken over from a process that was killed", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    const holder = await startHolder(path);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const results = await Promise.all(
      [1, 2, 3].map((number) => withLock(path, { signal: never }, async () => number)),
    );
    expect(results).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toEqual([]);
  });
});

test("is taken over when a holder elsewhere shows no heartbeat", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "lock");
    await writeFile(path, JSON.stringify({ pid: process.pid, host: `not-${hostname()}`, id: "x" }));
    await utimes(path, new Date(0), new Date(0));
    let waits = 0;
    await withLock(path, { signal: never, onWait: () => waits++ }, async () => {});
    expect(waits).toBeGreaterThan(10);
  });
});
