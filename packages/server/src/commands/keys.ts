import { KEYS_USAGE, keys } from "./keys-command.ts";
import { runCommand } from "./run-command.ts";

await runCommand(KEYS_USAGE, keys);
