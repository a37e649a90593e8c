import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeUnused } from "./other-commit.ts";

test("keeps the three commits that were used last, and what is no commit", () => {
  const cache = mkdtempSync(join(tmpdir(), "commits-"));
  onTestFinished(() => rmSync(cache, { recursive: true }));
  const commit = (digit: number) => String(digit).repeat(40);
  const names = [`${commit(5)}-half`, ...[1, 2, 3, 4].map(commit), "portkey-gateway-1.0.0"];
  names.forEach((name, age) => {
    mkdirSync(join(cache, name));
    const usedAt = new Date(Date.now() - (age + 1) * 60_000);
    utimesSync(join(cache, name), usedAt, usedAt);
  });
  removeUnused(join(cache, commit(4)));
  expect(readdirSync(cache)).toEqual([commit(1), commit(4), `${commit(5)}-half`, "portkey-gateway-1.0.0"]);
});
