import type { ChatResponse, Cost, FinishReason, Truncation, TurnStatus } from "@redis-memory-magic/protocol";
import { AppError, type ErrorCode } from "../errors/app-error.ts";
import type { StoredTurn } from "./session-store.ts";
import { truncationOf } from "./truncation.ts";
import type { TurnInfo } from "./turn-info.ts";

/** How a turn has ended: the answer of the API, and the error of a turn that did not complete. */
export interface TurnResult {
  readonly response: ChatResponse;
  readonly error?: { readonly code: ErrorCode; readonly detail: string };
  /** Has `retryAfter` and `limit`, which are not stored: known only in the process that ran the turn. */
  readonly failure?: AppError | undefined;
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

export const INTERRUPTED = {
  code: "turn_interrupted",
  detail: "The turn was interrupted before its end; the text so far is kept. Try again for a new answer.",
} as const;

interface Outcome {
  readonly turnId: string;
  readonly sessionId: string;
  readonly status: ChatResponse["status"];
  readonly text: string;
  readonly count: number;
  readonly stored: boolean;
  readonly info: TurnInfo;
  readonly failure?: AppError | undefined;
}

export function toResult(outcome: Outcome): TurnResult {
  const { turnId, sessionId, status, text, count, stored, info, failure } = outcome;
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
    stored,
  };
  if (status === "interrupted") return { response, error: INTERRUPTED };
  if (status !== "failed") return { response };
  const { code, detail } = info.error ?? { code: "provider_failed", detail: "The provider failed." };
  return { response, error: { code: code as ErrorCode, detail }, failure };
}

/** How an answer ended; null where it did not come to its end. */
export function finishReasonOf(status: TurnStatus, { finish }: TurnInfo): FinishReason | null {
  if (finish !== undefined) return finish;
  if (status === "completed") return "complete";
  return status === "failed" ? "error" : null;
}

export function storedResult(sessionId: string, turn: StoredTurn): TurnResult {
  const { id, status, info } = turn.record;
  return toResult({ turnId: id, sessionId, status, text: turn.text, count: turn.count, stored: true, info });
}

/** The answer of a completed or cancelled turn. @throws AppError for a turn that failed or was interrupted */
export function responseOf({ response, error, failure }: TurnResult): ChatResponse {
  if (error === undefined) return response;
  throw new AppError(error.code, error.detail, {
    ...(failure?.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
    ...(failure?.limit && { limit: failure.limit }),
    turnId: response.turn_id,
    sessionId: response.session_id,
    response: response.response,
  });
}
