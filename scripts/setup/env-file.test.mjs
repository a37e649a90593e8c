import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv as nodesParseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseEnv, readEnvFile } from "./env-file.mjs";
import { Failure } from "./failure.mjs";

describe("parseEnv reads what Node.js itself reads", () => {
  test.each([
    "A=1",
    "A=1\nB=2\n",
    "A=1\r\nB=2\r\n",
    "# a comment\n\nA=1 # another\nB=2#3",
    "  A  =  spaces around  \n\tB=\ttab",
    "export A=exported",
    "A=",
    "A=\nB=2",
    "A='single # quoted'\nB=2",
    'A="double # quoted" # comment\nB=2',
    "A=`back 'tick' \"quoted\"`",
    'A="two\nlines"\nB=2',
    "A='two\nlines'\nB=2",
    'A="new\\nline"',
    "A='no new\\nline'",
    "URL=redis://:pass@localhost:6379/0?x=y",
    "A=it's",
    "no assignment\nA=1",
    "A=1\nA=2",
    "A.B-C=dotted",
    "",
  ])("%j", (text) => {
    expect(parseEnv(text)).toEqual({ ...nodesParseEnv(text) });
  });

  test("a byte order mark is no part of the first name", () => {
    expect(parseEnv("\uFEFFA=1")).toEqual({ A: "1" });
  });
});

describe("readEnvFile", () => {
  /** @type {string} */
  let folder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "env-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("no file, no variables", () => {
    expect(readEnvFile(join(folder, ".env"))).toEqual({});
  });

  test("a folder in its place is said", () => {
    expect(() => readEnvFile(folder)).toThrow(
      new Failure(`${folder} cannot be read (EISDIR). Correct or remove it, then start again.`),
    );
  });

  test("UTF-16, as Windows' editors save it, is said", () => {
    const path = join(folder, ".env");
    writeFileSync(path, Buffer.from("\uFEFFA=1", "utf16le"));
    expect(() => readEnvFile(path)).toThrow("Save it as UTF-8");
  });
});
