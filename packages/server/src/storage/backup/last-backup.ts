import type { Redis } from "../redis.ts";
import { withinDeadline } from "../within-deadline.ts";

/** The key that says when the last good backup by schedule was made. It is about this Redis, and so in no backup. */
export const lastBackupKey = (name: string): string => `${name}:last_backup`;

type Client = Redis["client"];

/** Notes that backups are made by schedule, whether one succeeds or not. */
export async function recordBackupSchedule(client: Client, name: string): Promise<void> {
  await withinDeadline(client.set(lastBackupKey(name), "0", { condition: "NX" }));
}

/** Notes when a backup was begun that was written and whose restore was tried. */
export async function recordGoodBackup(client: Client, name: string, begun: number): Promise<void> {
  await withinDeadline(client.set(lastBackupKey(name), String(begun)));
}

/**
 * Returns when the last good backup was begun, in ms; 0 if backups are made by schedule and none was good; undefined
 * if none are made by schedule.
 */
export async function lastGoodBackup(client: Client, name: string): Promise<number | undefined> {
  const value = await withinDeadline(client.get(lastBackupKey(name)));
  return value === null ? undefined : Number(value);
}
