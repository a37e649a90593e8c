import { loadEnvFile } from "../config/env-file.ts";
import { BACKUP_USAGE, backup } from "./backup-command.ts";
import { DOCTOR_USAGE, doctor } from "./doctor-command.ts";
import { KEYS_USAGE, keys } from "./keys-command.ts";
import { OWNER_USAGE, owner } from "./owner-command.ts";
import { RESTORE_USAGE, restore } from "./restore-command.ts";
import { runCommand } from "./run-command.ts";

interface Command {
  readonly usage: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

const onRedis = (usage: string, command: Parameters<typeof runCommand>[1]): Command => ({
  usage,
  run: (args) => runCommand(usage, command, args),
});

/** The commands of an operator, by name: `node run.ts NAME …` runs one. */
const COMMANDS: Readonly<Record<string, Command>> = {
  backup: onRedis(BACKUP_USAGE, backup),
  doctor: { usage: DOCTOR_USAGE, run: doctor },
  keys: onRedis(KEYS_USAGE, keys),
  owner: onRedis(OWNER_USAGE, owner),
  restore: onRedis(RESTORE_USAGE, restore),
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  process.stderr.write(`Name one of these commands: ${Object.keys(COMMANDS).join(", ")}\n`);
  process.exitCode = 1;
} else if (args[0] === "--help" || args[0] === "-h") {
  process.stdout.write(`${command.usage}\n`);
} else {
  loadEnvFile();
  await command.run(args);
}
