import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createTerminal } from "@redis-memory-magic/setup/base/terminal";
import { counted } from "../counted.ts";
import { AppError } from "../errors/app-error.ts";
import {
  BackupFileError,
  type BackupRecord,
  type Counts,
  countOf,
  writeBackup,
} from "../storage/backup/backup-file.ts";
import { backupName, newestBackup, removeOldBackups } from "../storage/backup/backup-folder.ts";
import { lastGoodBackup, recordBackupSchedule, recordGoodBackup } from "../storage/backup/last-backup.ts";
import { RedisBackup } from "../storage/backup/redis-backup.ts";
import { tryRestore } from "../storage/backup/try-restore.ts";
import { explained } from "./restore-command.ts";
import { type CommandContext, UsageError } from "./run-command.ts";

export const BACKUP_USAGE = `npm run backup -- FILE
npm run backup -- --into FOLDER [--keep 14] [--every HOURS] [--try-in redis://…]

Writes everything that the product has in Redis to FILE, while it runs.
With --into it writes a file named after the time, tries a restore of it, and keeps the newest --keep of them.
The restore is tried in an empty Redis: the one of --try-in, else one that is started for this.
With --every it keeps running and makes a backup every so many hours.`;

const HOUR_MS = 3_600_000;

export async function backup(
  args: readonly string[],
  context: CommandContext,
  now: () => number = Date.now,
): Promise<void> {
  const { file, into, keep, every, tryIn } = parse(args);
  if (file !== undefined) {
    await write(resolve(file), context);
    return;
  }
  const folder = resolve(into);
  if (every === undefined) return backUpInto(folder, keep, tryIn, context, now);
  const backUpWhenDue = async (): Promise<void> => {
    // After a restart of this process, the last one counts, if it is still there and its restore was tried.
    const good = (await lastGoodBackup(context.redis.client, context.name)) ?? 0;
    const due = Math.min(await newestBackup(folder), good) + every * HOUR_MS;
    if (due > now()) await sleep(Math.min(due - now(), HOUR_MS));
    else await backUpInto(folder, keep, tryIn, context, now);
  };
  // A wrong folder ends the command; one that goes away later does not.
  await newestBackup(folder);
  for (;;) {
    await backUpWhenDue().catch(async (error: unknown) => {
      if (!(error instanceof AppError || error instanceof BackupFileError)) throw error;
      context.log.error(`The backup failed, and is tried again in an hour: ${error.message}`);
      await sleep(HOUR_MS);
    });
  }
}

/** Makes one backup by schedule. The old ones are removed only after its restore has succeeded. */
async function backUpInto(
  folder: string,
  keep: number,
  tryIn: string | undefined,
  context: CommandContext,
  now: () => number,
): Promise<void> {
  const { redis, name, print } = context;
  const begun = now();
  await recordBackupSchedule(redis.client, name);
  const path = join(folder, backupName(new Date(begun)));
  const counts = await write(path, context);
  await tryRestore(path, counts, tryIn, name).catch((error: unknown) => {
    throw explained(error, 0);
  });
  await recordGoodBackup(redis.client, name, begun);
  await removeOldBackups(folder, keep);
  print("A restore of it was tried: all of it can be restored.\n");
}

async function write(path: string, { redis, name, print }: CommandContext): Promise<Counts> {
  const counts = { sessions: 0, keys: 0 };
  const show = (): string => `${counted(counts.sessions, "session")}, ${counted(counts.keys, "key")}`;
  const task = createTerminal({ stream: process.stderr }).task("Backup");
  task.watch(show);
  async function* count(records: AsyncIterable<BackupRecord>) {
    for await (const record of records) {
      const { sessions, keys } = countOf(record);
      counts.sessions += sessions;
      counts.keys += keys;
      yield record;
    }
  }
  const records = new RedisBackup(redis.client, name).records();
  try {
    await writeBackup(path, redis.address, count(records));
  } finally {
    task.drop();
  }
  print(`${path}: ${show()}. It holds conversations: keep it safe.\n`);
  return counts;
}

interface Asked {
  readonly keep: number;
  readonly every: number | undefined;
  readonly tryIn: string | undefined;
}

function parse(
  args: readonly string[],
): Asked & ({ file: string; into?: never } | { file?: never; into: string }) {
  const option = { type: "string" } as const;
  let parsed: ReturnType<typeof parseOptions>;
  const parseOptions = () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { into: option, keep: option, every: option, "try-in": option },
    });
  try {
    parsed = parseOptions();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  const [file, ...rest] = positionals;
  const { into, keep = "14", every, "try-in": tryIn } = values;
  if (rest.length > 0 || (file === undefined) === (into === undefined))
    throw new UsageError("Name the file, or a folder with --into:");
  if (!/^[1-9]\d*$/.test(keep)) throw new UsageError("--keep must be a number of files, such as 14");
  if (every !== undefined && !(Number(every) > 0))
    throw new UsageError("--every must be a number of hours, such as 24");
  const asked = { keep: Number(keep), every: every === undefined ? undefined : Number(every), tryIn };
  if (into !== undefined) return { ...asked, into };
  if (every !== undefined || tryIn !== undefined || values.keep !== undefined)
    throw new UsageError("--keep, --every and --try-in go with --into:");
  return { ...asked, file: file ?? "" };
}
