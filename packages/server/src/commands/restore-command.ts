import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { createTerminal } from "@redis-memory-magic/setup/base/terminal";
import { counted } from "../counted.ts";
import { AppError } from "../errors/app-error.ts";
import { checkBackup, readBackup } from "../storage/backup/backup-file.ts";
import { RedisBackup, type Restored } from "../storage/backup/redis-backup.ts";
import { type CommandContext, isReply, UsageError } from "./run-command.ts";

export const RESTORE_USAGE = `npm run restore -- FILE [--replace] [--expire]

Puts a backup into Redis. Existing keys are skipped; with --replace they are replaced by the backup's.
Each key has the TTL that it had left at the time of the backup. With --expire the time since then is
subtracted, and keys that have expired are not restored.`;

export async function restore(
  args: readonly string[],
  { redis, name, print }: CommandContext,
): Promise<void> {
  const { file, ...options } = parse(args);
  const path = resolve(file);
  // To its end, before anything is written.
  const held = await checkBackup(path);
  const counts: Record<Restored, { sessions: number; keys: number }> = {
    restored: { sessions: 0, keys: 0 },
    there: { sessions: 0, keys: 0 },
    expired: { sessions: 0, keys: 0 },
  };
  let done = 0;
  const task = createTerminal({ stream: process.stderr }).task("Restore");
  task.watch(() => `${done} of ${counted(held.keys, "key")}`);
  try {
    const restored = new RedisBackup(redis.client, name).restore(readBackup(path), options);
    for await (const { record, result } of restored) {
      if (record.session) counts[result].sessions++;
      counts[result].keys += record.keys.length;
      done += record.keys.length;
    }
  } catch (error) {
    throw explained(error, counts.restored.keys);
  } finally {
    task.drop();
  }
  const say = ({ sessions, keys }: { sessions: number; keys: number }) =>
    `${counted(sessions, "session")} (${counted(keys, "key")})`;
  print(`Restored ${say(counts.restored)} of ${say(held)}.\n`);
  if (counts.there.keys > 0)
    print(`Skipped, because they exist already: ${say(counts.there)}. To replace them: --replace\n`);
  if (counts.expired.keys > 0) print(`Expired since the backup: ${say(counts.expired)}.\n`);
}

function parse(args: readonly string[]) {
  const option = { type: "boolean", default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { replace: option, expire: option },
    });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new Error("Name the file:");
    return { file, ...values };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Says what a Redis that refuses a backup needs, and how many keys it took before. */
export function explained(error: unknown, keys: number): unknown {
  const cause = error instanceof AppError ? error.cause : undefined;
  if (!(error instanceof AppError) || !(cause instanceof Error)) return error;
  let what = `Redis ${isReply(cause) ? "refuses" : "went away"}: ${cause.message}.`;
  if (/payload version|Bad data format/.test(cause.message))
    what =
      "This Redis cannot read what the backup's Redis wrote: a backup goes to the same version or a newer one, and not from Redis 8 to Valkey or from Valkey 9 to Redis.";
  else if (/NOPERM|ACL failure in script|can't run this command/.test(cause.message))
    what = "This user of Redis may not use the command RESTORE. Name one that may in REDIS_URL.";
  const far =
    keys === 0
      ? "Nothing was written."
      : `${counted(keys, "key")} had been restored. Remove the cause, then run the command again.`;
  return new AppError(error.code, `${what} ${far}`, { cause });
}
