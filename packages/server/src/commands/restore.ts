import { RESTORE_USAGE, restore } from "./restore-command.ts";
import { runCommand } from "./run-command.ts";

await runCommand(RESTORE_USAGE, restore);
