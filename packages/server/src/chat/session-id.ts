import { randomUUID } from "node:crypto";

/** For a session whose id nobody has chosen. */
export const newSessionId = (): string => `session_${randomUUID()}`;
