import { randomUUID } from "node:crypto";

/** A new session's epoch: 8 hexadecimal digits that tell its ids from those of a session that had its name before. */
export const newEpoch = (): string => randomUUID().slice(0, 8);
