import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withFolder } from "./folder.fixture.ts";
import { readContextWindow } from "./gguf-header.ts";

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const string = (text: string): Buffer => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;
const UINT64 = 10;

const gguf = (...pairs: Buffer[][]): Buffer =>
  Buffer.concat([Buffer.from("GGUF"), u32(3), u64(0), u64(pairs.length), ...pairs.flat()]);
const architecture = [string("general.architecture"), u32(STRING), string("llama")];
const words = [string("tokenizer.tokens"), u32(ARRAY), u32(STRING), u64(2), string("hello"), string("wörld")];

async function windowOf(content: Buffer): Promise<number | null> {
  return await withFolder(async (folder) => {
    const path = join(folder, "model.gguf");
    await writeFile(path, content);
    return await readContextWindow(path);
  });
}

test("finds the context window among other values", async () => {
  const window = [string("llama.context_length"), u32(UINT32), u32(8192)];
  expect(await windowOf(gguf(architecture, words, window))).toBe(8192);
  expect(await windowOf(gguf([string("qwen2.context_length"), u32(UINT64), u64(32768)]))).toBe(32768);
});

test("knows none where the file names none or ends before it", async () => {
  const window = [string("llama.context_length"), u32(UINT32), u32(8192)];
  expect(await windowOf(gguf(architecture, words))).toBeNull();
  expect(await windowOf(gguf(architecture, window).subarray(0, -6))).toBeNull();
  expect(await windowOf(gguf([string("odd"), u32(99), u32(0)], window))).toBeNull();
});

test("refuses what is no GGUF file", async () => {
  await expect(windowOf(Buffer.from("<html>not found</html>".repeat(10)))).rejects.toThrow("not a GGUF file");
  await expect(windowOf(Buffer.alloc(0))).rejects.toThrow("not a GGUF file");
  await expect(readContextWindow("/nowhere/model.gguf")).rejects.toThrow(
    "EMBEDDED_MODEL names /nowhere/model.gguf, which does not exist.",
  );
  await expect(readContextWindow("/")).rejects.toThrow("cannot be read (EISDIR)");
});
