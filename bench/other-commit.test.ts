import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeUnused } from "./other-commit.ts";

test("keeps the three commits that were used last, what is being filled, and what is no commit", () => {
  const cache = mkdtempSync(join(tmpdir(), "commits-"));
  onTestFinished(() => rmSync(cache, { recursive: true }));
  const commit = (digit: number) => String(digit).repeat(40);
  const names = [`${commit(5)}-half`, ...[1, 2, 3, 4].map(commit), "portkey-gateway-1.0.0"];
  names.forEach((name, age) => {
    mkdirSync(join(cache, name));
    const usedAt = new Date(Date.now() - (age + 1) * 60_000);
    utimesSync(join(cache, name), usedAt, usedAt);
  });
  const interrupted = join(cache, `${commit(6)}-half`);
  mkdirSync(interrupted);
  utimesSync(interrupted, 0, 0);
  // Listed, but with nothing to stat, like a folder that another run has just renamed.
  symlinkSync("nowhere", join(cache, `${commit(7)}-half`));
  removeUnused(join(cache, commit(4)));
  expect(readdirSync(cache)).toEqual(
    [1, 2, 4].map(commit).concat(`${commit(5)}-half`, `${commit(7)}-half`, "portkey-gateway-1.0.0"),
  );
});
