import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileError } from "./backup-file.ts";

const NAME = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)Z\.backup$/;

/** The name of a backup by schedule. Sorted by name, backups are sorted by time. */
export const backupName = (time: Date): string =>
  `${time.toISOString().slice(0, 19).replaceAll(":", "-")}Z.backup`;

/** When the newest backup by schedule in a folder was begun, in ms. 0: there is none. */
export async function newestBackup(folder: string): Promise<number> {
  const [, day = "", ...time] = NAME.exec((await backupsIn(folder)).at(-1) ?? "") ?? [];
  return day === "" ? 0 : Date.parse(`${day}${time.join(":")}Z`);
}

/** Removes all backups by schedule but the newest ones. Files with other names are left alone. */
export async function removeOldBackups(folder: string, keep: number): Promise<void> {
  for (const name of (await backupsIn(folder)).slice(0, -keep)) await rm(join(folder, name));
}

/** @throws BackupFileError if the folder cannot be read */
async function backupsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError("read", folder, error);
  });
  return names.filter((name) => NAME.test(name)).sort();
}
