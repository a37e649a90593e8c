import { AppError } from "./app-error.ts";

/** A session was named that does not exist. */
export const noSuchSession = (cause?: unknown): AppError =>
  new AppError("session_not_found", "There is no such session: it has expired, was deleted, or never was.", {
    cause,
  });
