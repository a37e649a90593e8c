import { setDeadline } from "./deadline.ts";
import { unref } from "./unref.ts";

/**
 * Calls a function of the caller's, and waits for it only so long. It may throw, and it may ignore the signal, which aborts
 * when its result is no longer waited for.
 * @throws `late`; what the function throws
 */
export async function inTime<Result>(
  timeoutMs: number,
  late: Error,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const { promise: giveUp, reject } = Promise.withResolvers<never>();
  const timer = setDeadline(() => reject(late), timeoutMs);
  unref(timer);
  try {
    return await Promise.race([Promise.resolve(controller.signal).then(call), giveUp]);
  } catch (error) {
    if (error === late) controller.abort(late);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
