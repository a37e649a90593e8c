import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { withFolder } from "./folder.fixture.ts";
import { npmInstead, WRITES_ENTRY } from "./npm.fixture.ts";
import { Setup } from "./setup.ts";

const CONTENT = "GGUF".repeat(500_000);
const HALF = CONTENT.length / 2;

interface Context {
  readonly setup: Setup;
  readonly logged: object[];
  /** The `Range` of each request for the file. */
  readonly ranges: (string | undefined)[];
  /** Sends the rest of the file, which otherwise stops in the middle. */
  readonly release: () => void;
}

/** A set-up whose download comes to a stop after the first half. */
async function withSetup(npm: string, work: (context: Context) => Promise<void>): Promise<void> {
  const ranges: (string | undefined)[] = [];
  let release = () => {};
  const server = createServer((request, response: ServerResponse) => {
    ranges.push(request.headers.range);
    const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": CONTENT.length - from,
      "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`,
    });
    const middle = Math.max(from, HALF);
    response.write(CONTENT.slice(from, middle));
    release = () => response.end(CONTENT.slice(middle));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await withFolder(async (folder) => {
      const { port } = server.address() as AddressInfo;
      const logged: object[] = [];
      const setup = new Setup({
        model: {
          fileName: "model.gguf",
          bytes: CONTENT.length,
          sha256: createHash("sha256").update(CONTENT).digest("hex"),
          url: `http://127.0.0.1:${port}/model.gguf`,
          wheels: [],
        },
        cacheDir: folder,
        env: (await npmInstead(folder, npm)).env,
        log: { info: (fields) => logged.push(fields), warn() {}, error: (fields) => logged.push(fields) },
      });
      await work({ setup, logged, ranges, release: () => release() });
      await setup.stop();
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const inTheMiddle = (setup: Setup): Promise<void> =>
  expect
    .poll(() => setup.state)
    .toEqual({ kind: "downloading", receivedBytes: HALF, totalBytes: CONTENT.length });

test("reports its progress, and the files at the end", async () => {
  await withSetup(WRITES_ENTRY, async ({ setup, logged, release }) => {
    expect(setup.state).toEqual({ kind: "idle" });
    expect(await setup.find()).toBeUndefined();
    const prepared = setup.prepare();
    expect(setup.prepare()).toBe(prepared);
    expect(setup.state).toEqual({ kind: "installing" });
    await inTheMiddle(setup);
    expect(await setup.find()).toBeUndefined();
    release();
    const installed = await prepared;
    expect(setup.state).toEqual({ kind: "ready" });
    expect(await setup.find()).toEqual(installed);
    expect(await readFile(installed.modelPath, "utf8")).toBe(CONTENT);
    expect(logged).toContainEqual({ progress: { received_bytes: 0, total_bytes: CONTENT.length } });
    expect(logged.at(-1)).toEqual({ progress: null });
  });
});

test("continues where it was stopped", async () => {
  await withSetup(WRITES_ENTRY, async ({ setup, logged, ranges, release }) => {
    const stopped = setup.prepare();
    await inTheMiddle(setup);
    const ended = expect(stopped).rejects.toThrow("The download of the built-in model was stopped.");
    await setup.stop();
    await ended;
    expect(setup.state).toMatchObject({ kind: "failed" });
    expect(logged.at(-1)).toEqual({ progress: null });

    const prepared = setup.prepare();
    await expect.poll(() => ranges).toHaveLength(2);
    // What was received and not yet written is fetched again.
    const [written] = /\d+/.exec(ranges[1] ?? "") ?? [];
    expect(Number(written)).toBeGreaterThan(0);
    expect(Number(written)).toBeLessThanOrEqual(HALF);
    release();
    expect(await readFile((await prepared).modelPath, "utf8")).toBe(CONTENT);
  });
});

test("fails with what to do", async () => {
  await withSetup("process.exit(1);", async ({ setup, logged, ranges }) => {
    await expect(setup.prepare()).rejects.toThrow("npm could not install");
    const { state } = setup;
    if (state.kind !== "failed") throw new Error(`It is ${state.kind}.`);
    expect(state.error.action).toMatch(/^Check the network .*\.$/);
    expect(logged.at(-1)).toMatchObject({ progress: null });
    expect(ranges).toEqual([]);
  });
});
