import { AppError } from "./app-error.ts";

interface Refusal {
  readonly pattern: RegExp;
  readonly reason: string;
  /** Waiting does not help: the configuration has to change. */
  readonly lasting?: true;
}

const REFUSALS: readonly Refusal[] = [
  {
    pattern: /NOPERM|ACL failure/,
    reason: "The Redis user may not write this server's keys, or may not run scripts (NOPERM).",
    lasting: true,
  },
  { pattern: /WRONGPASS|NOAUTH|invalid password/i, reason: "Redis refuses the password.", lasting: true },
  { pattern: /DB index is out of range/, reason: "Redis does not have this database.", lasting: true },
  { pattern: /READONLY/, reason: "This Redis is a read-only replica (READONLY)." },
  { pattern: /\bOOM\b/, reason: "Redis is out of memory (OOM)." },
  { pattern: /MISCONF/, reason: "Redis cannot save to its disk, so it refuses writes (MISCONF)." },
  { pattern: /LOADING/, reason: "Redis is loading its data (LOADING)." },
  { pattern: /\bBUSY\b/, reason: "Redis is running a slow script of another program (BUSY)." },
];

const refusalOf = (error: unknown): Refusal | undefined => {
  const text = messagesOf(error);
  return REFUSALS.find(({ pattern }) => pattern.test(text));
};

/** Why Redis cannot store anything, as a sentence. */
export const unavailabilityReason = (error: unknown): string =>
  refusalOf(error)?.reason ?? "Redis does not answer.";

/** True if waiting does not help. */
export const isLastingRefusal = (error: unknown): boolean => refusalOf(error)?.lasting === true;

/** The error of a request that needs Redis. */
export function storageUnavailable(cause: unknown): AppError {
  const refusal = refusalOf(cause);
  const advice = refusal?.lasting
    ? "The operator finds the cause with `npm run doctor`."
    : "Try again in a moment.";
  const detail = refusal
    ? `${refusal.reason} Nothing was stored. ${advice}`
    : "Redis cannot be used right now. Nothing was stored, unless only its answer was lost or late. " +
      "Try again in a moment, with an `Idempotency-Key` to be safe.";
  return new AppError("storage_unavailable", detail, { cause, retryAfter: 2 });
}

function messagesOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messagesOf).join("\n");
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${messagesOf(error.cause)}`;
}
