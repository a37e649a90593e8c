import { setTimeout as sleep } from "node:timers/promises";

/** Turns end within this time, also on a machine with other work. */
export const ENDS_WITHIN_MS = 120_000;

/** The work's result, or a failure when it is not there in time. */
export async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  const inTime = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: inTime.signal }).then(() => {
    throw new Error(`Not done after ${milliseconds} ms.`);
  });
  // If the work is done in time, this result is not used.
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    inTime.abort();
  }
}
