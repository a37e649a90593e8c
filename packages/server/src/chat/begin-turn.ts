import type { IndexedItem, RetryRefusal, TurnHistory } from "@redis-memory-magic/memory";
import { messagesOf, unstoredTurn } from "@redis-memory-magic/memory/internal";
import { AppError } from "../errors/app-error.ts";
import { noSuchSession } from "../errors/no-such-session.ts";
import type { Caller } from "./caller.ts";
import { historyBytes } from "./context.ts";
import { asItem, type Plan } from "./plan.ts";
import { titleOf } from "./session-title.ts";
import type { BeginTurn, BegunOrNot } from "./stored-session.ts";
import { inputText, type TurnRequest } from "./turn-request.ts";

/** An idempotency key, the request that it stands for, and the session for a request without one. */
export interface Idempotency {
  readonly key: string;
  readonly requestHash: string;
  readonly sessionId: string;
}

/** A turn that this process is to run, or the earlier turn that an idempotency key stands for. */
export type BegunOrReplay = Extract<BegunOrNot, { kind: "begun" | "replay" }>;

/**
 * @throws AppError `turn_in_progress`, `idempotency_mismatch`, `retry_refused`, `storage_unavailable`; where it must go
 * on from something: `turn_not_found`, `session_not_found`, `changed_meanwhile`
 */
export async function beginTurn(
  { sessions, quota }: Caller,
  sessionId: string,
  body: TurnRequest,
  plan: Plan,
  idempotency: Idempotency | undefined,
): Promise<BegunOrReplay> {
  if (body.unstored) return beginUnstored(body, body.unstored.history);
  const { continues } = body;
  const turn: BeginTurn = {
    ...(body.retry_of === undefined ? { message: body.input } : { retryOf: body.retry_of }),
    info: plan.info,
    title: titleOf(inputText(body)),
    ...(idempotency && { idempotency }),
    ...(continues !== undefined &&
      (continues === "session" ? { mustExist: true } : { after: continues.after })),
    ...(body.ttlSeconds !== undefined && { ttlSeconds: body.ttlSeconds }),
    ...(body.retrySame && { retrySame: true }),
    ...(body.mode === "stateful" && {
      history: { maxBytes: historyBytes(plan.budget), window: String(plan.window) },
    }),
  };
  const needsMemory = body.mode === "stateful" || body.retry_of !== undefined || idempotency !== undefined;
  const begun = await sessions.begin(sessionId, turn, quota).catch((error) => {
    const unavailable = error instanceof AppError && error.code === "storage_unavailable";
    // A stateless turn can be answered without Redis.
    if (unavailable && !needsMemory) return beginUnstored(body, []);
    throw error;
  });
  switch (begun.kind) {
    case "begun":
      return body.mode === "stateless" && body.input.length > 1 ? withInput(begun, body) : begun;
    case "replay":
      return begun;
    case "busy":
      throw new AppError(
        "turn_in_progress",
        "A turn is in progress in this session. Wait for it, or cancel it.",
        { turnId: begun.turnId, sessionId },
      );
    case "mismatch":
      throw new AppError(
        "idempotency_mismatch",
        "This Idempotency-Key stands for another request. Use a new one.",
        { turnId: begun.turnId, sessionId },
      );
    case "refused":
      throw continues === undefined ? retryRefused(begun.reason) : cannotContinue(continues, begun.reason);
  }
}

/** Without history only the last item of the input is returned. */
function withInput<Begun extends TurnHistory>(begun: Begun, { input }: TurnRequest): Begun {
  const first = (begun.items.at(-1)?.index ?? 0) + 1 - input.length;
  return { ...begun, items: input.map((item, n) => ({ index: first + n, item: asItem(item) })) };
}

function beginUnstored({ input }: TurnRequest, history: readonly IndexedItem[]): BegunOrReplay {
  const next = (history.at(-1)?.index ?? -1) + 1;
  const items = [...history, ...input.map((item, n) => ({ index: next + n, item: asItem(item) }))];
  return {
    kind: "begun",
    startedAt: new Date(),
    writer: unstoredTurn(),
    items,
    messages: messagesOf(items),
    count: 0,
    rememberedStart: null,
    complete: true,
    release: () => {},
  };
}

const RETRY_REFUSALS: Readonly<Record<RetryRefusal, string>> = {
  unknown: "The turn to retry is not in this session.",
  completed: "The turn to retry was completed: there is nothing to try again.",
  not_last: "Only a session's last turn can be retried.",
};

export const retryRefused = (reason: RetryRefusal): AppError =>
  new AppError("retry_refused", RETRY_REFUSALS[reason]);

function cannotContinue(continues: NonNullable<TurnRequest["continues"]>, reason: RetryRefusal): AppError {
  if (continues === "session") return noSuchSession();
  if (reason === "unknown") return new AppError("turn_not_found", "There is no such turn in this session.");
  return new AppError("changed_meanwhile", "Something was added to the session after this turn.");
}
