import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { currentRequest } from "./request-context.ts";

/** A write of its own for each line would cost a tenth of a short turn. */
const GATHER_MS = 10;

/** Creates the log: JSON lines; those of a request have its `request_id`. Default destination: stdout. */
export function createLog(
  level: LevelWithSilent,
  destination: DestinationStream = gatherLines(pino.destination()),
): Logger {
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

/** Writes the lines of a few milliseconds together, and the last ones when the process exits. */
function gatherLines(output: ReturnType<typeof pino.destination>): DestinationStream {
  let lines = "";
  let timer: NodeJS.Timeout | undefined;
  const write = (): void => {
    timer = undefined;
    output.write(lines);
    lines = "";
  };
  process.on("exit", () => {
    if (timer !== undefined) write();
    output.flushSync();
  });
  return {
    write: (line) => {
      lines += line;
      timer ??= setTimeout(write, GATHER_MS);
    },
  };
}
