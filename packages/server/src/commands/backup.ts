import { BACKUP_USAGE, backup } from "./backup-command.ts";
import { runCommand } from "./run-command.ts";

await runCommand(BACKUP_USAGE, backup);
