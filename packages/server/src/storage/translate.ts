import { MemoryError } from "@redis-memory-magic/memory";
import { AppError } from "../errors/app-error.ts";

/** Rejects with an `AppError` where the library does with an error of its own. */
export function translated<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw translate(error);
  });
}

export async function* translatedEach<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  try {
    yield* source;
  } catch (error) {
    throw translate(error);
  }
}

function translate(error: unknown): unknown {
  if (!MemoryError.isInstance(error)) return error;
  switch (error.code) {
    case "duplicate_id":
      return new AppError("duplicate_message_id", `${error.message}. Nothing was appended.`, {
        cause: error,
      });
    case "unknown_message":
      return new AppError("message_not_found", `${error.message}.`, { cause: error });
    case "unknown_session":
      return new AppError(
        "session_not_found",
        "There is no such session: it has expired, was deleted, or never was.",
        { cause: error },
      );
    case "session_exists":
      return new AppError("session_exists", `${error.message}. Choose another, or delete it first.`, {
        cause: error,
      });
    case "newer_layout":
      return new AppError(
        "storage_damaged",
        "A newer version of this server wrote this session. Upgrade this one; the session was left as it is.",
        { cause: error },
      );
    case "damaged":
      return new AppError(
        "storage_damaged",
        "This session's keys in Redis hold something else. Delete the session, or use another id.",
        { cause: error },
      );
    case "unavailable":
      return new AppError(
        "storage_unavailable",
        "Redis cannot be used right now, so nothing was stored. Try again in a moment.",
        {
          cause: error,
          retryAfter: 2,
        },
      );
  }
}
