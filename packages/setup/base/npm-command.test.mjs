import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { npmCommand } from "./npm-command.mjs";

test("finds the npm that runs us, then the one on the PATH, then the one beside Node.js", () => {
  const folder = mkdtempSync(join(tmpdir(), "npm-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (/** @type {string} */ path) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0o755);
    return file;
  };
  const node = join(folder, "node", "bin", "node");
  expect(npmCommand(node, {})).toBeUndefined();
  const beside = write("node/lib/node_modules/npm/bin/npm-cli.js");
  expect(npmCommand(node, {})).toEqual({ command: node, args: [beside] });
  const PATH = dirname(write("path/npm"));
  const onPath = write("path/node_modules/npm/bin/npm-cli.js");
  expect(npmCommand(node, { PATH })).toEqual({ command: node, args: [onPath] });
  const ours = write("ours/npm-cli.js");
  expect(npmCommand(node, { PATH, npm_execpath: ours })).toEqual({ command: node, args: [ours] });
});
