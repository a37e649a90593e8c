import type { ChatRequest } from "@redis-memory-magic/protocol";
import { AppError } from "../errors/app-error.ts";
import { historyBytes } from "./context.ts";
import type { BeginResult, BeginTurn, Conversations, RetryRefusal } from "./conversations.ts";
import type { Plan } from "./plan.ts";

/** An idempotency key, what it stands for, and the session of a request that names none. */
export interface Idempotency {
  readonly key: string;
  readonly requestHash: string;
  readonly sessionId: string;
}

export type BegunTurn = Extract<BeginResult, { kind: "begun" }>;

/**
 * Begins the turn that was asked for, or tells to which turn its idempotency key led before.
 * @throws AppError `turn_in_progress`, `idempotency_mismatch`, `retry_refused`, `storage_unavailable`
 */
export async function beginTurn(
  conversations: Conversations,
  sessionId: string,
  body: ChatRequest,
  plan: Plan,
  idempotency: Idempotency | undefined,
): Promise<Extract<BeginResult, { kind: "begun" | "replay" }>> {
  const begun = await begin(conversations, sessionId, body, plan, idempotency);
  switch (begun.kind) {
    case "begun":
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
      throw retryRefused(begun.reason);
  }
}

async function begin(
  conversations: Conversations,
  sessionId: string,
  body: ChatRequest,
  plan: Plan,
  idempotency: Idempotency | undefined,
): Promise<BeginResult> {
  const content = body.message ?? "";
  const options: BeginTurn = {
    ...(body.retry_of === undefined ? { content } : { retryOf: body.retry_of }),
    info: plan.info,
    title: titleOf(content),
    ...(idempotency && { idempotency }),
    ...(body.mode === "stateful" && {
      history: { maxBytes: historyBytes(plan.budget), window: String(plan.window) },
    }),
  };
  try {
    return await conversations.begin(sessionId, options);
  } catch (error) {
    // Without its memory a stateless turn can still be answered; what promises more than that cannot.
    const away = error instanceof AppError && error.code === "storage_unavailable";
    const needsMemory = body.mode === "stateful" || body.retry_of !== undefined || idempotency !== undefined;
    if (!away || needsMemory) throw error;
    const writer = await conversations.beginUnstored(options);
    const message = { id: writer.id, role: "user" as const, content, createdAt: new Date() };
    const messages = [{ index: 0, message }];
    return { kind: "begun", writer, messages, count: 0, rememberedStart: null, complete: true };
  }
}

const WHY_REFUSED: Readonly<Record<RetryRefusal, string>> = {
  unknown: "The turn to retry is not in this session.",
  completed: "The turn to retry was completed: there is nothing to try again.",
  not_last: "Only a session's last turn can be retried.",
};

export const retryRefused = (why: RetryRefusal): AppError => new AppError("retry_refused", WHY_REFUSED[why]);

/** A session's first words are its title, until somebody gives it another. */
const titleOf = (message: string): string =>
  [...(message.trim().split("\n", 1)[0] ?? "")].slice(0, 80).join("");
