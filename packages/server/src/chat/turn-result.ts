import type { OutputItem } from "@redis-memory-magic/memory";
import type { ChatResponse, Cost, FinishReason, Truncation, TurnStatus } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { isErrorCode } from "../errors/error-table.ts";
import { toOutputItem } from "./output-item.ts";
import type { StoredTurn } from "./stored-session.ts";
import { truncationOf } from "./truncation.ts";
import type { TurnInfo } from "./turn-info.ts";

/** How a turn has ended: the answer of the API, and the error of a turn that failed or was interrupted. */
export interface TurnResult {
  readonly response: ChatResponse;
  readonly info: TurnInfo;
  readonly items: readonly OutputItem[];
  /** By Redis' clock; null: it is not stored, or another process has ended it. */
  readonly endedAt: Date | null;
  /** Its `retryAfter` and `limit` are not stored: only the process that ran the turn knows them. */
  readonly error?: AppError;
}

/** A turn that this process has run, for metrics, logs and traces. */
export interface FinishedTurn {
  readonly result: TurnResult;
  readonly info: TurnInfo;
  /** Null if the model is not on its provider's list: then a request chose the name. */
  readonly listedModel: string | null;
  readonly cost: Cost | null;
  readonly truncation: Truncation | undefined;
  readonly times: TurnTimes;
}

/** When the steps of a turn happened, by `performance.now()`; null: a step did not happen. */
export interface TurnTimes {
  readonly asked: number;
  /** The turn began. */
  readonly begun: number;
  /** The provider was called. */
  readonly called: number | null;
  readonly firstText: number | null;
  /** The provider's answer ended. */
  readonly answered: number;
  readonly ended: number;
}

interface Outcome {
  readonly turnId: string;
  readonly sessionId: string;
  readonly status: ChatResponse["status"];
  readonly text: string;
  readonly items: readonly OutputItem[];
  readonly count: number;
  readonly stored: boolean;
  readonly info: TurnInfo;
  readonly endedAt?: Date | null | undefined;
  /** The error as it was thrown, in the process that ran the turn. */
  readonly failure?: AppError | undefined;
}

export function toResult(outcome: Outcome): TurnResult {
  const { turnId, sessionId, status, text, items, count, stored, info, endedAt = null, failure } = outcome;
  const truncation = truncationOf(info);
  const { reported = null, cached = null, output = null } = info.tokens ?? {};
  const response: ChatResponse = {
    response: text,
    mode: info.mode,
    provider: info.provider,
    session_id: sessionId,
    message_count: count,
    turn_id: turnId,
    model: info.model,
    status,
    finish_reason: finishReasonOf(status, info),
    usage:
      reported === null
        ? null
        : {
            input_tokens: reported,
            output_tokens: output ?? 0,
            ...(cached !== null && { cached_tokens: cached }),
          },
    ...(truncation && { truncation }),
    output: items.map((item) => toOutputItem(item)),
    stored,
  };
  const known = { turnId, sessionId, response: text };
  const result = { response, info, items, endedAt };
  if (status === "interrupted") return { ...result, error: new AppError(...INTERRUPTED, known) };
  if (status !== "failed") return result;
  const { code, detail } = info.error ?? { code: "", detail: "The provider failed." };
  const error = new AppError(isErrorCode(code) ? code : "provider_failed", detail, {
    ...known,
    ...(failure?.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
    ...(failure?.limit && { limit: failure.limit }),
  });
  return { ...result, error };
}

export const INTERRUPTED = [
  "turn_interrupted",
  "The turn was interrupted before its end; the text so far is kept. Try again for a new answer.",
] as const;

/** How an answer ended; null where it did not come to its end. */
export function finishReasonOf(status: TurnStatus, { finish }: TurnInfo): FinishReason | null {
  if (finish !== undefined) return finish;
  if (status === "completed") return "complete";
  return status === "failed" ? "error" : null;
}

export function storedResult(sessionId: string, turn: StoredTurn): TurnResult {
  const { text, items, count } = turn;
  const { id: turnId, status, info, endedAt } = turn.record;
  return toResult({ turnId, sessionId, status, text, items, count, stored: true, info, endedAt });
}
