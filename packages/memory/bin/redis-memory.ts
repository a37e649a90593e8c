#!/usr/bin/env node
// The library's command. Ends with 0 when all is imported, 1 when not, 2 when it was called wrongly, 130 when it
// was interrupted.
import { type ImportProgress, importHistory, MessageHistory } from "../src/index.ts";
import { connect } from "./connect.ts";
import { readCommand, USAGE, UsageError } from "./options.ts";
import { ProgressLine } from "./progress-line.ts";

async function run(args: readonly string[]): Promise<number> {
  if (args.length === 0 || args.includes("--help")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { urls, toUrl, ttlSeconds, history: options, source } = readCommand(args);
  const interrupted = new AbortController();
  // The second time, it ends at once.
  process.once("SIGINT", () => interrupted.abort());
  const line = new ProgressLine(process.stderr);
  let progress: ImportProgress | undefined;
  const connections = await connect([toUrl, ...urls]);
  try {
    const [to, ...from] = connections.clients;
    if (to === undefined) throw new UsageError("--url is missing");
    progress = await importHistory(new MessageHistory({ client: to, ...options }), source(from), {
      ttlSeconds,
      signal: interrupted.signal,
      onProgress: (now) => {
        progress = now;
        line.show(now);
      },
    });
    line.end();
    process.stdout.write(summary(progress));
    return 0;
  } catch (error) {
    line.end();
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write(`Interrupted after ${progress?.added ?? 0} messages. Run it again to go on.\n`);
    return 130;
  } finally {
    connections.close();
  }
}

function summary({ sessions, added, existing, damaged, refusedSessions }: ImportProgress): string {
  const lines = [`${sessions} sessions: ${added} messages added, ${existing} there already.`];
  if (damaged > 0) lines.push(`${damaged} records are no messages and were left out.`);
  if (refusedSessions.length > 0) {
    lines.push(
      `Left out, as their ids cannot be ids here: ${refusedSessions.map((id) => JSON.stringify(id)).join(", ")}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof UsageError || error instanceof TypeError;
  process.stderr.write(isUsage ? `${message}\nSee --help.\n` : `${message}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
