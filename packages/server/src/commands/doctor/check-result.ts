/** What a check found. */
export interface CheckResult {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at, in a word or two. */
  readonly what: string;
  /** What was seen; when it is not ok, what to do. */
  readonly text: string;
}

export const ok = (what: string, text: string): CheckResult => ({ level: "ok", what, text });
export const warn = (what: string, text: string): CheckResult => ({ level: "warn", what, text });
export const fail = (what: string, text: string): CheckResult => ({ level: "fail", what, text });
