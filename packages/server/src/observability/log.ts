import { type DestinationStream, type LevelWithSilent, type Logger, pino } from "pino";
import { currentRequest } from "./request-context.ts";

/** Creates the log: JSON lines; those of a request have its `request_id`. */
export function createLog(level: LevelWithSilent, destination?: DestinationStream): Logger {
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
  return destination === undefined ? pino(options) : pino(options, destination);
}
