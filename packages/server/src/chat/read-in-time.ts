import { setDeadline } from "@redis-memory-magic/memory/internal";
import { AppError } from "../errors/app-error.ts";

/** A read takes a few milliseconds. Longer than this, and the user would notice that the answer is late. */
const TIMEOUT_MS = 1000;

/** Waits for what a turn can do without. Returns why it has to, if Redis is away, the session is gone, or it is late. */
export async function readInTime<Value>(reading: Promise<Value>): Promise<Value | "late" | "unavailable"> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setDeadline(() => resolve("late"), TIMEOUT_MS).unref();
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    if (error instanceof AppError) return "unavailable";
    throw error;
  } finally {
    clearTimeout(timer);
    // It may still fail after it was late.
    reading.catch(() => {});
  }
}
