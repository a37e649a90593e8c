import { AppError } from "../errors/app-error.ts";
import { REDIS_TIMEOUT_MS } from "./connections/client-options.ts";

/**
 * What Redis answers, in time. A client can keep a command for ever; nobody waits that long.
 * @throws AppError `storage_unavailable`
 */
export async function withinDeadline<Value>(
  work: Promise<Value>,
  timeoutMs = REDIS_TIMEOUT_MS,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Redis did not answer in time")), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw new AppError("storage_unavailable", "Redis cannot be used right now. Try again in a moment.", {
      cause: error,
      retryAfter: 2,
    });
  } finally {
    clearTimeout(timer);
  }
}
