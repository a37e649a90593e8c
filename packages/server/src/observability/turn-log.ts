import type { Logger } from "pino";
import type { TurnResult } from "../chat/turn-result.ts";

// Whose model it was, so that a log can be searched for it.
const VENDORS = { chatgpt: "OpenAI", ollama: "Ollama", embedded: "llama.cpp", mirror: "Mirror" } as const;

/** A line for each turn: who, how, and how it ended. Never what was said. */
export function logTurn(log: Logger, { response, error }: TurnResult, traceId: string | undefined): void {
  const { turn_id, session_id, mode, provider, model, status, usage, stored } = response;
  const fields = { turn_id, session_id, mode, provider, model, status, usage, stored, trace_id: traceId };
  const line = `${VENDORS[provider]} answered a ${mode} turn: ${status}`;
  if (error && status === "failed") log.warn({ ...fields, code: error.code, reason: error.detail }, line);
  else log.info(fields, line);
}
