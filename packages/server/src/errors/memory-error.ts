import { MemoryError, type MemoryErrorCode } from "@redis-memory-magic/memory";
import { AppError, type ErrorCode } from "./app-error.ts";
import { noSuchSession } from "./no-such-session.ts";
import { storageUnavailable } from "./redis-refusal.ts";

type Translation = readonly [ErrorCode, detail: (message: string) => string];

const TRANSLATIONS: Readonly<
  Record<Exclude<MemoryErrorCode, "unavailable" | "unknown_session">, Translation>
> = {
  duplicate_id: ["duplicate_message_id", (message) => `${message}. Nothing was appended.`],
  unknown_message: ["message_not_found", (message) => `${message}.`],
  unknown_turn: ["turn_not_found", (message) => `${message}.`],
  session_exists: ["session_exists", (message) => `${message}. Choose another, or delete it first.`],
  conflict: ["changed_meanwhile", (message) => `${message}. Read it again, and repeat your change.`],
  too_many: ["storage_limit_reached", (message) => `${message}. Delete one that is no longer needed.`],
  too_large: ["body_too_large", (message) => `${message}.`],
  newer_layout: [
    "storage_damaged",
    () =>
      "A newer version of this server wrote this session. Upgrade this server; the session was not changed.",
  ],
  damaged: [
    "storage_damaged",
    () => "This session's keys in Redis hold other data. Delete the session, or use another id.",
  ],
};

/** Rejects with an `AppError` where the memory library rejects with a `MemoryError`. */
export function translated<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw toAppError(error);
  });
}

export async function* translatedEach<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  try {
    yield* source;
  } catch (error) {
    throw toAppError(error);
  }
}

function toAppError(error: unknown): unknown {
  if (!MemoryError.isInstance(error)) return error;
  if (error.code === "unavailable") return storageUnavailable(error);
  if (error.code === "unknown_session") return noSuchSession(error);
  const [code, detail] = TRANSLATIONS[error.code];
  return new AppError(code, detail(error.message), { cause: error });
}
