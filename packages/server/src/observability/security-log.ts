/** What an operator wants to find in the log when he asks who tried what. */
export type SecurityEvent =
  | "login_succeeded"
  | "login_refused"
  | "logged_out"
  | "request_forged"
  | "foreign_host"
  | "foreign_origin"
  | "limit_reached"
  | "unknown_session"
  | "live_request_ended"
  | "key_created"
  | "key_revoked"
  | "owner_exported"
  | "owner_erased";

export interface SecurityLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const SENTENCES: Readonly<Record<SecurityEvent, string>> = {
  login_succeeded: "Somebody logged in",
  login_refused: "Credentials were refused",
  logged_out: "Somebody logged out",
  request_forged: "A request that another page made in somebody's name was refused",
  foreign_host: "A request by a foreign host name was refused",
  foreign_origin: "A request from a foreign page was refused",
  limit_reached: "A limit was reached",
  unknown_session: "A session or turn was asked for that its asker does not have",
  live_request_ended: "A running request was ended, as its credentials hold no longer",
  key_created: "An API key was made",
  key_revoked: "An API key was revoked",
  owner_exported: "All that is kept of an owner was exported",
  owner_erased: "All that is kept of an owner was erased",
};

const ORDINARY: ReadonlySet<SecurityEvent> = new Set([
  "login_succeeded",
  "logged_out",
  "unknown_session",
  "key_created",
  "key_revoked",
  "owner_exported",
]);

/** Logs a security event as such: a line with `event`, and never a secret or a message's content. */
export function logSecurityEvent(log: SecurityLog, event: SecurityEvent, fields: object = {}): void {
  const level = ORDINARY.has(event) ? "info" : "warn";
  log[level]({ event, ...fields }, SENTENCES[event]);
}
