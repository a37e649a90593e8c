import type { Logger } from "pino";
import type { TurnResult } from "../chat/turn-result.ts";

// The provider's name, so that the log can be searched for it.
const VENDORS = { chatgpt: "OpenAI", ollama: "Ollama", embedded: "llama.cpp", mirror: "Mirror" } as const;

/** Logs one line per turn: provider, model, mode and status. Never message content. */
export function logTurn(log: Logger, { response, error }: TurnResult, traceId: string | undefined): void {
  const { turn_id, session_id, mode, provider, model, status, usage, stored } = response;
  const fields = { turn_id, session_id, mode, provider, model, status, usage, stored, trace_id: traceId };
  const line = `${VENDORS[provider]} answered a ${mode} turn: ${status}`;
  if (error && status === "failed") log.warn({ ...fields, code: error.code, reason: error.message }, line);
  else log.info(fields, line);
}
