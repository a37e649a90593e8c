import { randomBytes } from "node:crypto";

/** A new session's epoch: 8 hexadecimal digits that tell its ids from those of a session that had its name before. */
export const newEpoch = (): string => randomBytes(4).toString("hex");
