import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { currentRequest } from "./request-context.ts";

/** A write of its own for each line would cost a tenth of a short turn. */
const GATHER_MS = 10;

/** Creates the log: JSON lines; those of a request have its `request_id`. Default destination: stdout. */
export function createLog(level: LevelWithSilent, destination: DestinationStream = gatherLines()): Logger {
  const options = {
    level,
    base: null,
    // For people, too: 2026-11-27T01:15:07.123Z.
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const request = currentRequest();
      return request === undefined ? {} : { request_id: request.requestId };
    },
  };
  return pino(options, destination);
}

/**
 * Writes the lines of a few milliseconds together, without waiting for the reader of stdout. The last lines are written at
 * once when the process exits, and after a fatal one: pino calls `flushSync` then.
 */
function gatherLines(): DestinationStream & { flushSync(): void } {
  const output = pino.destination();
  // A write of `output` only begins before it returns.
  const outputAtOnce = pino.destination({ sync: true });
  let lines = "";
  let timer: NodeJS.Timeout | undefined;
  const takeLines = (): string => {
    clearTimeout(timer);
    timer = undefined;
    const taken = lines;
    lines = "";
    return taken;
  };
  const flushSync = (): void => {
    output.flushSync();
    if (lines !== "") outputAtOnce.write(takeLines());
  };
  process.on("exit", flushSync);
  return {
    write: (line) => {
      lines += line;
      timer ??= setTimeout(() => output.write(takeLines()), GATHER_MS);
    },
    flushSync,
  };
}
