import { randomUUID } from "node:crypto";

/** Makes an id for a session without one. */
export const newSessionId = (): string => `session_${randomUUID()}`;
