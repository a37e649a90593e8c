/** What a check found. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at, in a word or two. */
  readonly what: string;
  /** What was seen; when it is not ok, what to do. */
  readonly text: string;
}

export const ok = (what: string, text: string): Finding => ({ level: "ok", what, text });
export const warn = (what: string, text: string): Finding => ({ level: "warn", what, text });
export const fail = (what: string, text: string): Finding => ({ level: "fail", what, text });
