import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { download, type PartialFile } from "./download.ts";
import { withFolder } from "./folder.fixture.ts";
import { NoSpaceError } from "./setup-error.ts";

const FILE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

type Answer = (request: IncomingMessage, response: ServerResponse, from: number, part: string) => void;

/** A server of `FILE` with scripted answers, and the part file that is fetched from it. */
async function withServer(
  answers: Answer[],
  work: (context: {
    url: string;
    ranges: (string | undefined)[];
    file: PartialFile;
    progress: number[];
    stop: AbortController;
  }) => Promise<void>,
): Promise<void> {
  const ranges: (string | undefined)[] = [];
  const server = createServer();
  try {
    await withFolder(async (folder) => {
      const part = join(folder, "model.gguf.part");
      server.on("request", (request, response) => {
        const answer = answers[Math.min(ranges.length, answers.length - 1)];
        const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
        ranges.push(request.headers.range);
        answer?.(request, response, from, part);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const progress: number[] = [];
      const stop = new AbortController();
      await work({
        url: `http://127.0.0.1:${port}/model.gguf`,
        ranges,
        progress,
        stop,
        file: {
          part,
          totalBytes: FILE.length,
          signal: stop.signal,
          onProgress: (bytes) => progress.push(bytes),
        },
      });
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const whole = (_: IncomingMessage, response: ServerResponse, from: number): void => {
  const rest = FILE.subarray(from);
  const range = { "content-range": `bytes ${from}-${FILE.length - 1}/${FILE.length}` };
  response.writeHead(from > 0 ? 206 : 200, { "content-length": rest.length, ...(from > 0 ? range : {}) });
  response.end(rest);
};
const withoutRanges: Answer = (request, response) => whole(request, response, 0);
/** So many bytes, then, when they are in the part file, the connection breaks. */
const cutAfter =
  (bytes: number): Answer =>
  async (_, response, from, part) => {
    const range = { "content-range": `bytes ${from}-${FILE.length - 1}/${FILE.length}` };
    response.writeHead(from > 0 ? 206 : 200, { "content-length": FILE.length - from, ...range });
    response.write(FILE.subarray(from, from + bytes));
    await expect.poll(async () => (await stat(part).catch(() => null))?.size).toBe(from + bytes);
    response.destroy();
  };
const status =
  (code: number): Answer =>
  (_, response) =>
    response.writeHead(code).end("no");

test("fetches a file and reports its progress", async () => {
  await withServer([whole], async ({ url, file, ranges, progress }) => {
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
    expect(ranges).toEqual([undefined]);
    expect(progress.at(-1)).toBe(FILE.length);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });
});

test("continues a part file", async () => {
  await withServer([whole], async ({ url, file, ranges, progress }) => {
    await writeFile(file.part, FILE.subarray(0, 100_000));
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
    expect(ranges).toEqual(["bytes=100000-"]);
    expect(progress[0]).toBeGreaterThan(100_000);
  });
});

test("starts anew with a server that knows no ranges", async () => {
  await withServer([withoutRanges], async ({ url, file, ranges }) => {
    await writeFile(file.part, Buffer.alloc(100_000, "x"));
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
    expect(ranges).toEqual(["bytes=100000-"]);
  });
});

test("starts anew when more is there than the file has", async () => {
  await withServer([whole], async ({ url, file }) => {
    await writeFile(file.part, Buffer.alloc(FILE.length + 1));
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
  });
});

test("resumes by itself after cuts, each from where it was", async () => {
  await withServer([cutAfter(90_000), cutAfter(90_000), whole], async ({ url, file, ranges }) => {
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
    expect(ranges).toEqual([undefined, "bytes=90000-", "bytes=180000-"]);
  });
});

test("follows a redirect, with its range", async () => {
  const redirect: Answer = (_, response) => response.writeHead(302, { location: "/elsewhere" }).end();
  await withServer([redirect, whole], async ({ url, file, ranges }) => {
    await writeFile(file.part, FILE.subarray(0, 10));
    await download(url, file);
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
    expect(ranges).toEqual(["bytes=10-", "bytes=10-"]);
  });
});

test.each([404, 403, 416, 500])(
  "reports the status %i, does not ask again and keeps the part file",
  async (code) => {
    await withServer([status(code)], async ({ url, file, ranges }) => {
      await writeFile(file.part, FILE.subarray(0, 1000));
      await expect(download(url, file)).rejects.toThrow(
        /^The download from 127\.0\.0\.1:\d+ failed: it answered with HTTP status \d+\.$/,
      );
      expect(ranges).toHaveLength(1);
      expect((await stat(file.part)).size).toBe(1000);
    });
  },
);

test("refuses a file of another size before it is fetched", async () => {
  await withServer([whole], async ({ url, file, progress }) => {
    const other = download(url, { ...file, totalBytes: FILE.length + 1 });
    await expect(other).rejects.toThrow("the file has 300000 bytes there, 300001 were expected.");
    expect(progress).toEqual([]);
  });
});

test("refuses an answer that starts elsewhere", async () => {
  const elsewhere: Answer = (request, response) => whole(request, response, 500);
  await withServer([elsewhere], async ({ url, file }) => {
    await writeFile(file.part, FILE.subarray(0, 1000));
    await expect(download(url, file)).rejects.toThrow("HTTP status 206");
    expect((await stat(file.part)).size).toBe(1000);
  });
});

test("ends at once when stopped, and keeps what came", async () => {
  const slow: Answer = (_, response) => {
    response.writeHead(200, { "content-length": FILE.length });
    response.write(FILE.subarray(0, 50_000));
  };
  await withServer([slow, whole], async ({ url, file, stop, ranges }) => {
    const reason = new Error("stopped");
    const stopped = expect(download(url, file)).rejects.toThrow();
    await expect
      .poll(() =>
        stat(file.part).then(
          ({ size }) => size,
          () => 0,
        ),
      )
      .toBe(50_000);
    stop.abort(reason);
    await stopped;
    expect((await stat(file.part)).size).toBe(50_000);

    await download(url, { ...file, signal: new AbortController().signal });
    expect(ranges[1]).toBe("bytes=50000-");
    expect(sha(await readFile(file.part))).toBe(sha(FILE));
  });
});

test("gives up at once on a server that cannot be reached", async () => {
  await withFolder(async (folder) => {
    const file = {
      part: join(folder, "part"),
      totalBytes: 10,
      signal: new AbortController().signal,
      onProgress: () => {},
    };
    await expect(download("http://127.0.0.1:1/", file)).rejects.toThrow("nothing listens there.");
    await expect(download("http://nowhere.invalid/", file)).rejects.toThrow(
      /its name (is not known|cannot be looked up now)\./,
    );
  });
});

test("says that the disk is full", async (context) => {
  if (process.platform !== "linux") context.skip("only Linux has /dev/full");
  await withServer([whole], async ({ url, file }) => {
    await symlink("/dev/full", file.part);
    const failure = await download(url, file).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NoSpaceError);
  });
});

test("two downloads of other files do not disturb each other", async () => {
  await withServer([whole], async ({ url, file }) => {
    const files = ["a", "b", "c"].map((name) => ({ ...file, part: `${file.part}.${name}` }));
    await Promise.all(files.map((each) => download(url, each)));
    await sleep(0);
    for (const { part } of files) expect(sha(await readFile(part))).toBe(sha(FILE));
  });
});
