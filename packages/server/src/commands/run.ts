import { loadEnvFile } from "../config/env-file.ts";
import { BACKUP_USAGE, backup } from "./backup-command.ts";
import { doctor } from "./doctor-command.ts";
import { KEYS_USAGE, keys } from "./keys-command.ts";
import { OWNER_USAGE, owner } from "./owner-command.ts";
import { RESTORE_USAGE, restore } from "./restore-command.ts";
import { runCommand } from "./run-command.ts";

/** The commands of an operator, by name: `node run.ts NAME …` runs one. */
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  backup: (args) => runCommand(BACKUP_USAGE, backup, args),
  doctor,
  keys: (args) => runCommand(KEYS_USAGE, keys, args),
  owner: (args) => runCommand(OWNER_USAGE, owner, args),
  restore: (args) => runCommand(RESTORE_USAGE, restore, args),
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  process.stderr.write(`Name one of these commands: ${Object.keys(COMMANDS).join(", ")}\n`);
  process.exitCode = 1;
} else {
  loadEnvFile();
  await command(args);
}
