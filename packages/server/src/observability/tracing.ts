import type { Logger } from "pino";
import type { FinishedTurn } from "../chat/turn-result.ts";
import type { Config } from "../config/config.ts";

/** Tells a collector of each turn. */
export interface Tracing {
  /** @returns the trace that the turn is part of, for its log line */
  turnEnded(turn: FinishedTurn): string;
  /** Sends what is not sent yet, within seconds. */
  close(): Promise<void>;
}

/** Undefined where no collector is named: then nothing of OpenTelemetry is loaded. */
export async function startTracing(config: Config["tracing"], log: Logger): Promise<Tracing | undefined> {
  if (config.endpoint === undefined) return undefined;
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  return new OtlpTracing({ ...config, endpoint: config.endpoint }, log);
}
