import { resolve } from "node:path";
import { type BackupRecord, countOf, writeBackup } from "../storage/backup/backup-file.ts";
import { RedisBackup } from "../storage/backup/redis-backup.ts";
import { ProgressLine } from "./progress-line.ts";
import { type CommandContext, UsageError } from "./run-command.ts";

export const BACKUP_USAGE = `npm run backup -- FILE

Writes everything that the product has in Redis to FILE, while it runs.`;

export async function backup(args: readonly string[], { redis, name, print }: CommandContext): Promise<void> {
  const [file, ...rest] = args;
  if (file === undefined || rest.length > 0) throw new UsageError("Name the file:");
  const path = resolve(file);
  const progress = new ProgressLine();
  const counts = { sessions: 0, keys: 0 };
  async function* counted(records: AsyncIterable<BackupRecord>) {
    for await (const record of records) {
      const { sessions, keys } = countOf(record);
      counts.sessions += sessions;
      counts.keys += keys;
      progress.show(() => `${counts.sessions} sessions, ${counts.keys} keys`);
      yield record;
    }
  }
  const records = new RedisBackup(redis.client, name).records();
  try {
    await writeBackup(path, redis.address, counted(records));
  } finally {
    progress.end();
  }
  print(`${path}: ${counts.sessions} sessions, ${counts.keys} keys. It holds conversations: keep it safe.\n`);
}
