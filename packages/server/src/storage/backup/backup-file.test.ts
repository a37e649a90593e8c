import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type BackupRecord, checkBackup, readBackup, writeBackup } from "./backup-file.ts";

const recordOf = (id: string, dump = "AAAA"): BackupRecord => ({
  at: 1,
  session: { owner: "alice", id },
  keys: [{ key: `chat_history:{alice/${id}}:meta`, ttl: 5, dump }],
});

async function* each(records: readonly BackupRecord[]): AsyncGenerator<BackupRecord, void, void> {
  yield* records;
}

test("reads each record as it was written, whatever its id and its length", async () => {
  const folder = mkdtempSync(join(tmpdir(), "backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "a.backup");
  const ids = ["plain", "line\u2028separator", "paragraph\u2029separator", "😀", "\u00a0"];
  const records = [
    ...ids.map((id) => recordOf(id)),
    recordOf("long", "AAAA".repeat(500_000)),
    recordOf("last"),
  ];
  await writeBackup(path, "redis://localhost", each(records));
  expect(await Array.fromAsync(readBackup(path))).toEqual(records);
  expect(await checkBackup(path)).toEqual({ sessions: records.length, keys: records.length });
});
