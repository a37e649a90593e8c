import type { Logger } from "pino";
import type { FinishedTurn } from "../chat/turn-result.ts";
import type { Config } from "../config/config.ts";

/** Sends a trace of each turn to a collector. */
export interface Tracing {
  /** @returns the trace that the turn is part of, for its log line */
  turnEnded(turn: FinishedTurn): string;
  /** Sends the remaining spans, within seconds. */
  close(): Promise<void>;
}

/** Returns undefined if no collector is configured: then OpenTelemetry is not loaded. */
export async function startTracing(config: Config["tracing"], log: Logger): Promise<Tracing | undefined> {
  if (config.endpoint === undefined) return undefined;
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  return new OtlpTracing({ ...config, endpoint: config.endpoint }, log);
}
