// The second stage of `npm start`, `npm test` and every `npm run NAME`; scripts/run.mjs starts it.
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../../scripts/commands.mjs";
import { explain, Interrupted } from "../base/failure.mjs";
import { listenForStop } from "../base/stop-signals.mjs";
import { createTerminal } from "../base/terminal.mjs";
import type { SetupContext } from "./context.ts";

const [name = "", ...args] = process.argv.slice(2);
const command = COMMANDS[name] ?? { files: [] };
// What a command prints is for pipes and files; everything else is shown beside it.
const stream = command.files.length > 0 ? process.stderr : process.stdout;
const terminal = createTerminal({ stream, nameWidth: name === "test" ? 20 : 10 });
const context: SetupContext = {
  root: fileURLToPath(new URL("../../..", import.meta.url)),
  terminal,
  signal: listenForStop(() => terminal.line("\n  Stopping.")),
};

async function run(): Promise<number> {
  // Each command loads its own code only: that of `start` stays in memory beside the server.
  if (name === "test") return (await import("./test/test.ts")).test(context);
  if (name !== "start") return (await import("./commands/command.ts")).runCommand(command, args, context);
  const { start } = await import("./start/start.ts");
  await start(context);
  return 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) process.stderr.write(`\n${explain(error)}\n`);
}
// Waits for nothing that is left.
process.exit();
