import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEnvFile } from "./env-file.mjs";
import { Failure } from "./failure.mjs";

/** @type {string} */
let folder;
/** @type {string} */
let path;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "env-"));
  path = join(folder, ".env");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("returns the variables, also behind a byte order mark and with Windows' line ends", () => {
  writeFileSync(path, "\uFEFFA=1\r\n# comment\r\nB='two words' # more\r\n");
  expect(readEnvFile(path)).toEqual({ A: "1", B: "two words" });
});

test("returns no variables if there is no file", () => {
  expect(readEnvFile(path)).toEqual({});
});

test("names a folder in the file's place", () => {
  expect(() => readEnvFile(folder)).toThrow(
    new Failure(`${folder} cannot be read (EISDIR). Correct or remove it, then start again.`),
  );
});

test("names a file in UTF-16, as Windows' editors save it", () => {
  writeFileSync(path, Buffer.from("\uFEFFA=1", "utf16le"));
  expect(() => readEnvFile(path)).toThrow("Save it as UTF-8");
});
