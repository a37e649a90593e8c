import { setDeadline } from "@redis-memory-magic/memory/internal";
import { storageUnavailable } from "../errors/redis-refusal.ts";
import { REDIS_TIMEOUT_MS } from "./connections/client-options.ts";

/**
 * Resolves with the reply of a command, or rejects at the deadline: a client can hold a command forever.
 * @throws AppError `storage_unavailable`
 */
export async function withinDeadline<Value>(
  work: Promise<Value>,
  timeoutMs = REDIS_TIMEOUT_MS,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setDeadline(() => reject(new Error("Redis did not answer in time")), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw storageUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
