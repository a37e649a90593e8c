import { OWNER_USAGE, owner } from "./owner-command.ts";
import { runCommand } from "./run-command.ts";

await runCommand(OWNER_USAGE, owner);
