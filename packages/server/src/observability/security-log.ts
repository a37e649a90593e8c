/** Events that an operator looks for after an attack or a leak. */
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
  login_succeeded: "A user logged in",
  login_refused: "Credentials were refused",
  logged_out: "A user logged out",
  request_forged: "A request that another page sent in a user's name was refused",
  foreign_host: "A request by a foreign host name was refused",
  foreign_origin: "A request from a foreign page was refused",
  limit_reached: "A limit was reached",
  unknown_session: "A session or turn was requested that the caller does not have",
  live_request_ended: "A running request was ended, because its credentials are no longer valid",
  key_created: "An API key was created",
  key_revoked: "An API key was revoked",
  owner_exported: "An owner's data was exported",
  owner_erased: "An owner's data was erased",
};

const ORDINARY: ReadonlySet<SecurityEvent> = new Set([
  "login_succeeded",
  "logged_out",
  "unknown_session",
  "key_created",
  "key_revoked",
  "owner_exported",
]);

/** Logs a security event: a line with `event`, never with a secret or message content. */
export function logSecurityEvent(log: SecurityLog, event: SecurityEvent, fields: object = {}): void {
  const level = ORDINARY.has(event) ? "info" : "warn";
  log[level]({ event, ...fields }, SENTENCES[event]);
}
